//! A server on the loopback interface that answers like an API server, until a test says otherwise.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Header names are lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn query(&self, key: &str) -> Option<String> {
        let (_, query) = self.path.split_once('?')?;
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.replace("%2F", "/"))
    }
}

/// An answer.
#[derive(Clone)]
pub enum Reply {
    Json(u16, String),
    /// Status, further headers, body.
    Full(u16, Vec<(&'static str, String)>, String),
    /// Announces all of the body, sends this many bytes of it, and closes the connection.
    Half(String, usize),
    /// The same, but the connection is reset.
    Reset(String, usize),
    /// Closes the connection without a word.
    Hangup,
    After(Duration, Box<Reply>),
}

impl Reply {
    pub fn status(code: u16, message: &str) -> Reply {
        let status = serde_json::json!({"kind": "Status", "status": "Failure", "message": message, "code": code});
        Reply::Json(code, status.to_string())
    }
}

type Fault = dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync;

struct State {
    objects: BTreeMap<String, Vec<serde_json::Value>>,
    fault: Box<Fault>,
    seen: Mutex<(Vec<Request>, HashMap<String, usize>)>,
}

/// The server; it lives as long as the test process.
pub struct Server {
    pub url: String,
    state: Arc<State>,
}

impl Server {
    /// Serves the objects of each collection path, in pages as asked for. `fault` may answer instead; it is told how often
    /// the very same address was asked for before.
    pub fn start(
        objects: &[(&str, Vec<serde_json::Value>)],
        fault: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            objects: objects.iter().map(|(path, objects)| ((*path).to_owned(), objects.clone())).collect(),
            fault: Box::new(fault),
            seen: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Server { url, state }
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state.seen.lock().unwrap().0.clone()
    }

    /// Paths (with query) of the requests so far.
    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }
}

fn serve(stream: TcpStream, state: &State) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut reader) {
        let before = {
            let mut seen = state.seen.lock().unwrap();
            seen.0.push(request.clone());
            let count = seen.1.entry(request.path.clone()).or_default();
            *count += 1;
            *count - 1
        };
        let reply = (state.fault)(&request, before).unwrap_or_else(|| answer(&request, state));
        if !send(&stream, reply) {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body: String::from_utf8(body).ok()? })
}

/// Sends an answer; whether the connection is still open.
fn send(stream: &TcpStream, reply: Reply) -> bool {
    let head = |status: u16, headers: &[(&str, String)], length: usize| {
        let mut head = format!("HTTP/1.1 {status} Word\r\ncontent-length: {length}\r\n");
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head + "\r\n"
    };
    let json = [("content-type", "application/json".to_owned())];
    let mut stream = stream;
    match reply {
        Reply::Json(status, body) => stream.write_all((head(status, &json, body.len()) + &body).as_bytes()).is_ok(),
        Reply::Full(status, headers, body) => {
            stream.write_all((head(status, &headers, body.len()) + &body).as_bytes()).is_ok()
        }
        Reply::Half(body, bytes) => {
            let _ = stream.write_all((head(200, &json, body.len()) + &body[..bytes]).as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Both);
            false
        }
        Reply::Reset(body, bytes) => {
            let _ = stream.write_all((head(200, &json, body.len()) + &body[..bytes]).as_bytes());
            std::thread::sleep(Duration::from_millis(50));
            linger_not(stream);
            false
        }
        Reply::Hangup => {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            false
        }
        Reply::After(wait, reply) => {
            std::thread::sleep(wait);
            send(stream, *reply)
        }
    }
}

/// Makes closing the connection a reset.
fn linger_not(stream: &TcpStream) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let copy = stream.try_clone().unwrap();
        copy.set_nonblocking(true).unwrap();
        tokio::net::TcpStream::from_std(copy).unwrap().set_zero_linger().unwrap();
    });
}

fn answer(request: &Request, state: &State) -> Reply {
    let path = request.path.split('?').next().unwrap();
    if path == "/version" {
        return Reply::Json(200, r#"{"major":"1","minor":"34","gitVersion":"v1.34.1"}"#.into());
    }
    if let Some(objects) = state.objects.get(path) {
        return page(request, objects);
    }
    let (collection, name) = path.rsplit_once('/').unwrap();
    let object = state.objects.get(collection).into_iter().flatten().find(|object| object["metadata"]["name"] == name);
    match object {
        Some(object) => Reply::Json(200, object.to_string()),
        None => Reply::status(404, "the server could not find the requested resource"),
    }
}

/// A page of a list, as the API server writes it: type, metadata, objects.
pub fn page(request: &Request, objects: &[serde_json::Value]) -> Reply {
    let limit = request.query("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
    let from = request.query("continue").map_or(0, |token| token.strip_prefix("at/").unwrap().parse().unwrap());
    let to = objects.len().min(from + limit);
    let token = if to < objects.len() { format!(r#","continue":"at/{to}""#) } else { String::new() };
    let items: Vec<String> = objects[from..to].iter().map(ToString::to_string).collect();
    Reply::Json(
        200,
        format!(
            r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"7"{token}}},"items":[{}]}}"#,
            items.join(",")
        ),
    )
}
