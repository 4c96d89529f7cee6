//! Just enough of a POSIX shell to find the command line of a component in `sh -c "... exec kube-apiserver --flag ..."`.
//! What a shell would only know at run time is marked, never guessed.

use super::flags::Arg;

/// Values of environment variables; none for those that are set at run time (`valueFrom`).
pub type Env = Vec<(String, Option<String>)>;

/// What an environment says of a variable.
pub fn variable<'e>(env: &'e Env, name: &str) -> Option<Option<&'e str>> {
    env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_deref())
}

/// The commands of a script, each as its words. `positional` are the arguments behind the script (`$@`).
pub fn commands(script: &Arg, env: &Env, positional: &[Arg]) -> Vec<Vec<Arg>> {
    let mut shell = Shell { script, env, commands: Vec::new(), words: Vec::new(), word: None };
    let chars: Vec<char> = script.text.chars().collect();
    shell.run(&chars, positional);
    shell.commands
}

struct Shell<'a> {
    script: &'a Arg,
    env: &'a Env,
    commands: Vec<Vec<Arg>>,
    words: Vec<Arg>,
    word: Option<Arg>,
}

impl Shell<'_> {
    fn run(&mut self, chars: &[char], positional: &[Arg]) {
        let mut at = 0;
        while let Some(&c) = chars.get(at) {
            at += 1;
            match c {
                ' ' | '\t' | '\r' => self.end_word(),
                ';' | '\n' | '|' | '&' | '(' | ')' | '{' | '}' if self.word.is_none() || !matches!(c, '{' | '}') => {
                    self.end_command();
                }
                '#' if self.word.is_none() => {
                    while chars.get(at).is_some_and(|c| *c != '\n') {
                        at += 1;
                    }
                }
                '<' | '>' => at = self.redirect(chars, at),
                '\\' => {
                    match chars.get(at) {
                        Some('\n') | None => {}
                        Some(c) => self.push(*c),
                    }
                    at += 1;
                }
                '\'' => {
                    self.open();
                    while let Some(c) = chars.get(at).filter(|c| **c != '\'') {
                        self.push(*c);
                        at += 1;
                    }
                    at += 1;
                }
                '"' => {
                    self.open();
                    loop {
                        match chars.get(at) {
                            None | Some('"') => break,
                            Some('\\') => {
                                match chars.get(at + 1) {
                                    Some(c @ ('"' | '\\' | '$' | '`')) => self.push(*c),
                                    Some('\n') | None => {}
                                    Some(c) => {
                                        self.push('\\');
                                        self.push(*c);
                                    }
                                }
                                at += 2;
                            }
                            Some('$' | '`') => at = self.expand(chars, at, true, positional),
                            Some(c) => {
                                self.push(*c);
                                at += 1;
                            }
                        }
                    }
                    at += 1;
                }
                '$' | '`' => at = self.expand(chars, at - 1, false, positional),
                c => self.push(c),
            }
        }
        self.end_command();
    }

    fn open(&mut self) -> &mut Arg {
        let at = self.script.at.clone();
        self.word.get_or_insert_with(|| Arg { text: String::new(), at, unknown: None })
    }

    fn push(&mut self, c: char) {
        self.open().text.push(c);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }

    // `> file`, `2>&1`, `<<< word`: gone with its target. `at` stands behind the first sign.
    fn redirect(&mut self, chars: &[char], mut at: usize) -> usize {
        // A number before it is the descriptor, anything else is a word of its own.
        if self.word.as_ref().is_some_and(|word| word.text.chars().all(|c| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while chars.get(at).is_some_and(|c| matches!(c, '<' | '>' | '&' | '|' | ' ' | '\t')) {
            at += 1;
        }
        while chars.get(at).is_some_and(|c| !matches!(c, ' ' | '\t' | '\n' | ';' | '|' | '&' | ')' | '<' | '>')) {
            at += 1;
        }
        at
    }

    // A variable or command substitution; `at` stands on the sign. Gives the position behind it.
    fn expand(&mut self, chars: &[char], at: usize, quoted: bool, positional: &[Arg]) -> usize {
        let next = chars.get(at + 1).copied();
        if chars.get(at) == Some(&'`') || next == Some('(') {
            let close = if next == Some('(') && chars.get(at) != Some(&'`') { ')' } else { '`' };
            let end = (at + 1..chars.len()).find(|&i| chars[i] == close).unwrap_or(chars.len());
            let text: String = chars[at..(end + 1).min(chars.len())].iter().collect();
            self.unknown(&text, &format!("uses the output of a command, {text}"));
            return end + 1;
        }
        if matches!(next, Some('@' | '*')) {
            // The quotes around it make no word of their own.
            self.word.take_if(|word| word.text.is_empty());
            self.end_word();
            self.words.extend(positional.iter().cloned());
            return at + 2;
        }
        let braces = next == Some('{');
        let start = if braces { at + 2 } else { at + 1 };
        let name: String = chars.iter().skip(start).take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
        let mut end = start + name.chars().count();
        let mut plain = true;
        if braces {
            let close = (end..chars.len()).find(|&i| chars[i] == '}').unwrap_or(chars.len());
            plain = close == end;
            end = close + 1;
        }
        if name.is_empty() && !braces {
            self.push('$');
            return at + 1;
        }
        let text: String = chars[at..end.min(chars.len())].iter().collect();
        match variable(self.env, &name) {
            Some(Some(value)) if plain && quoted => {
                self.open().text.push_str(value);
            }
            Some(Some(value)) if plain => {
                for (n, piece) in value.split_whitespace().enumerate() {
                    if n > 0 || value.starts_with(char::is_whitespace) {
                        self.end_word();
                    }
                    self.open().text.push_str(piece);
                }
                if value.ends_with(char::is_whitespace) {
                    self.end_word();
                }
            }
            _ => self.unknown(&text, &format!("uses {text}, which is set at run time")),
        }
        end
    }

    fn unknown(&mut self, text: &str, why: &str) {
        let word = self.open();
        word.text.push_str(text);
        word.unknown.get_or_insert_with(|| why.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str, env: &[(&str, &str)]) -> Vec<Vec<String>> {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), Some((*v).to_owned()))).collect();
        commands(&Arg::new(script), &env, &[Arg::new("--tail")])
            .into_iter()
            .map(|command| {
                command
                    .into_iter()
                    .map(|word| format!("{}{}", if word.unknown.is_some() { "?" } else { "" }, word.text))
            })
            .map(Iterator::collect)
            .collect()
    }

    #[test]
    fn quotes_redirections_and_several_commands() {
        assert_eq!(
            words(
                "mkfifo /tmp/pipe; (tee -a /var/log/x.log < /tmp/pipe & ) ; exec kube-apiserver --a='b c' \\\n --d=\"e;f\" > /tmp/pipe 2>&1",
                &[]
            ),
            [
                vec!["mkfifo", "/tmp/pipe"],
                vec!["tee", "-a", "/var/log/x.log"],
                vec!["exec", "kube-apiserver", "--a=b c", "--d=e;f"],
            ]
        );
    }

    #[test]
    fn variables_are_filled_in_or_marked() {
        let env = [("A", "--x=1 --y=2"), ("B", "v w")];
        assert_eq!(words("run $A --b=\"${B}\" $@", &env), [["run", "--x=1", "--y=2", "--b=v w", "--tail"]]);
        assert_eq!(
            words("run --ip=$IP ${A:-no} $(hostname)", &env),
            [["run", "?--ip=$IP", "?${A:-no}", "?$(hostname)"]]
        );
        assert_eq!(words("run --re=a$ '$A'", &env), [["run", "--re=a$", "$A"]]);
    }

    #[test]
    fn unfinished_scripts_end_quietly() {
        for script in ["'", "\"", "\\", "${", "$(", "`", ">", "a >", "\"\\", "$"] {
            words(script, &[]);
        }
    }
}
