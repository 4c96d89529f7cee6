//! Signals that ask the program to stop (Ctrl-C, SIGTERM, SIGHUP), while something exists that has to be deleted first.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Hears signals from its making on. Signals that nobody waited for are not lost.
pub(super) struct Interrupts {
    signals: UnboundedReceiver<()>,
}

impl Interrupts {
    /// Listens on a thread of its own, which outlives the runtime of the scan.
    pub(super) fn new() -> Interrupts {
        let (sender, signals) = unbounded_channel();
        let (ready, heard) = std::sync::mpsc::channel();
        let started = std::thread::Builder::new().name("signals".to_owned()).spawn(move || listen(&sender, &ready));
        if started.is_ok() {
            // An error means that the thread gave up: then signals end the program as ever.
            let _ = heard.recv();
        }
        Interrupts { signals }
    }

    /// Waits for the next signal, for ever if signals cannot be heard.
    pub(super) async fn next(&mut self) {
        if self.signals.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// From now on a signal ends the program again, as it does by default.
    pub(super) fn release(self) {
        drop(self.signals);
    }
}

fn listen(sender: &UnboundedSender<()>, ready: &std::sync::mpsc::Sender<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Ok(mut signals) = Signals::new() else { return };
        // The other end waits for it.
        let _ = ready.send(());
        loop {
            let code = signals.next().await;
            if sender.send(()).is_err() {
                std::process::exit(128 + code);
            }
        }
    });
}

#[cfg(unix)]
struct Signals([(i32, tokio::signal::unix::Signal); 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let of = |kind: SignalKind| std::io::Result::Ok((kind.as_raw_value(), signal(kind)?));
        Ok(Signals([of(SignalKind::interrupt())?, of(SignalKind::terminate())?, of(SignalKind::hangup())?]))
    }

    async fn next(&mut self) -> i32 {
        let [(int, a), (term, b), (hup, c)] = &mut self.0;
        tokio::select! {
            _ = a.recv() => *int,
            _ = b.recv() => *term,
            _ = c.recv() => *hup,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) -> i32 {
        // Cannot fail once it was registered; if it does there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        2
    }
}
