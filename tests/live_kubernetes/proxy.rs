//! A proxy between the program and the API server that spoils answers. Behind it is `kubectl proxy`, which talks TLS and logs
//! in, so that both sides of this one speak plain HTTP on loopback.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::bed::Bed;

/// Objects per page that the server is asked for, however many the program wants: lists get several pages.
const PAGE: &str = "limit=4";

/// How an answer is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    TooManyRequests,
    ServerError,
    /// The list is too old to be continued.
    Gone,
    /// The connection ends without an answer.
    Reset,
    /// The connection ends in the middle of the answer.
    HalfPage,
    /// The answer pauses in the middle, for less time than a call may take.
    Slow,
    /// The answer pauses for longer.
    Stall,
}

const FIRST: [Fault; 6] =
    [Fault::TooManyRequests, Fault::ServerError, Fault::Reset, Fault::HalfPage, Fault::Slow, Fault::Stall];
/// Only a continuation can be too old.
const CONTINUED: [Fault; 4] = [Fault::Gone, Fault::HalfPage, Fault::TooManyRequests, Fault::Reset];

/// `--timeout` of the scan, and longer and shorter times.
pub const TIMEOUT: &str = "4s";
const SLOW: Duration = Duration::from_millis(600);
const STALL: Duration = Duration::from_secs(6);
/// What the server asks for with status 429, in seconds.
const RETRY_AFTER: u64 = 1;

/// What happened.
#[derive(Default)]
pub struct Log {
    /// How often each fault was put in.
    pub faults: BTreeMap<Fault, usize>,
    /// Paths that came back sooner than they were told to.
    pub impatient: Vec<String>,
    // What was asked for, and whether as a continuation (page tokens differ between runs of a list).
    seen: BTreeSet<(String, bool)>,
    // When those that were told to wait may come back.
    wait: BTreeMap<String, Instant>,
}

/// A running proxy.
pub struct Proxy {
    pub address: SocketAddr,
    pub log: Arc<Mutex<Log>>,
    behind: Child,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.behind.kill();
        let _ = self.behind.wait();
    }
}

impl Proxy {
    /// Starts it; what it passes on has the rights of the scanner.
    pub fn start(bed: &Bed, spoil: bool) -> Proxy {
        let mut command = bed.command(&bed.scanner);
        let mut behind = command.args(["proxy", "--port=0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(behind.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let server: SocketAddr = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = Arc::clone(&log);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let log = Arc::clone(&shared);
                // A connection that the program or a fault ends is what this is about.
                thread::spawn(move || serve(&client, server, spoil, &log).ok());
            }
        });
        Proxy { address, log, behind }
    }
}

fn serve(mut client: &TcpStream, server: SocketAddr, spoil: bool, log: &Mutex<Log>) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    while let Some(request) = Request::read(&mut reader)? {
        let fault = if spoil { choose(&request.path, log) } else { None };
        match fault {
            Some(Fault::TooManyRequests) => {
                let extra = format!("Retry-After: {RETRY_AFTER}\r\n");
                answer(client, "429 Too Many Requests", &extra, status(429, "TooManyRequests").as_bytes())?;
            }
            Some(Fault::ServerError) => {
                answer(client, "500 Internal Server Error", "", status(500, "InternalError").as_bytes())?;
            }
            Some(Fault::Gone) => answer(client, "410 Gone", "", status(410, "Expired").as_bytes())?,
            Some(Fault::Reset) => return Ok(()),
            Some(Fault::HalfPage | Fault::Slow | Fault::Stall) | None => {
                let (line, body) = fetch(server, &request)?;
                let (first, rest) = body.split_at(body.len() / 2);
                write!(
                    client,
                    "HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                )?;
                client.write_all(first)?;
                client.flush()?;
                match fault {
                    Some(Fault::HalfPage) => return Ok(()),
                    Some(Fault::Slow) => thread::sleep(SLOW),
                    Some(Fault::Stall) => thread::sleep(STALL),
                    _ => {}
                }
                client.write_all(rest)?;
            }
        }
    }
    Ok(())
}

/// The fault for a request: every list and every continuation gets one when it is asked for first.
fn choose(path: &str, log: &Mutex<Log>) -> Option<Fault> {
    let mut log = log.lock().unwrap();
    let (resource, query) = path.split_once('?').unwrap_or((path, ""));
    let continued = query.contains("continue=");
    if let Some(until) = log.wait.remove(resource)
        && Instant::now() < until
    {
        log.impatient.push(resource.to_owned());
    }
    if !log.seen.insert((resource.to_owned(), continued)) {
        return None;
    }
    // The order in which lists are asked for differs, so that faults are dealt by counting, not computed from the path.
    let faults = if continued { &CONTINUED[..] } else { &FIRST };
    let fault = faults[log.seen.iter().filter(|(_, other)| *other == continued).count() % faults.len()];
    if fault == Fault::TooManyRequests {
        log.wait.insert(resource.to_owned(), Instant::now() + Duration::from_secs(RETRY_AFTER));
    }
    *log.faults.entry(fault).or_default() += 1;
    Some(fault)
}

/// A request of the program.
struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
}

impl Request {
    /// The next one; none if the client is done.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // The one thing that is posted is a question, of which the server keeps nothing.
        assert!(method == "GET" || (method == "POST" && path.ends_with("/selfsubjectaccessreviews")), "{line}");
        let (mut header, mut length) = (String::new(), 0);
        while reader.read_line(&mut header)? > 2 {
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
            header.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Request { method, path: path.replace("limit=500", PAGE), body }))
    }
}

/// Asks the server: status, as in the status line, and body.
fn fetch(server: SocketAddr, Request { method, path, body }: &Request) -> io::Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(server)?;
    // Version 1.0, so that the answer ends with the connection and comes in one piece.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {server}\r\nAccept: application/json\r\nUser-Agent: spm-test\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok((line.trim().split_once(' ').unwrap_or_default().1.to_owned(), body))
}

fn answer(mut client: &TcpStream, line: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(client, "HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n")?;
    client.write_all(body)
}

fn status(code: u16, reason: &str) -> String {
    serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "put in by the test", "reason": reason, "code": code})
    .to_string()
}
