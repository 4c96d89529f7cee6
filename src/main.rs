//! See the library.

fn main() -> std::process::ExitCode {
    spm::app::main()
}
