//! A server on the loopback interface that speaks as AWS does: it checks every signature by computing it itself, and answers as
//! the test says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// Access key ids with their secret and session token.
pub const KEYS: &[(&str, &str, &str)] = &[
    ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""),
    ("ASIAFIRSTFIRSTEXAMPL", "first/secret/AAAAAAAAAAAAAAAAAAAAAAAAAAA", "first+token/AAAA=="),
    ("ASIASECONDSECONDEXAM", "second/secret/BBBBBBBBBBBBBBBBBBBBBBBBBB", "second+token/BBBB=="),
];

/// A request whose signature was right.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Header names are lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// Key, region and service of the signature.
    pub key: String,
    pub region: String,
    pub service: String,
}

impl Request {
    /// `Action` of a form, or what stands behind the dot of the target.
    pub fn action(&self) -> String {
        let form = self.field("Action");
        let target = self.headers.get("x-amz-target").and_then(|target| target.rsplit_once('.'));
        form.or(target.map(|(_, action)| action.to_owned())).unwrap_or_default()
    }

    pub fn field(&self, key: &str) -> Option<String> {
        let pairs = self.body.split('&').chain(self.query.split('&'));
        pairs.filter_map(|pair| pair.split_once('=')).find(|(own, _)| *own == key).map(|(_, value)| decode(value))
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, headers, body.
    Full(u16, Vec<(&'static str, String)>, String),
    /// Announces the body, sends this many bytes of it and ends.
    Half(String, usize),
    /// Ends without a word.
    Hangup,
    /// Keeps the connection open and says nothing.
    Silence,
}

impl Reply {
    pub fn ok(body: impl Into<String>) -> Reply {
        Reply::Full(200, Vec::new(), body.into())
    }

    pub fn json_error(status: u16, code: &str, message: &str) -> Reply {
        let body = serde_json::json!({ "__type": format!("com.example#{code}"), "message": message });
        Reply::Full(status, vec![("x-amzn-requestid", "id-1".to_owned())], body.to_string())
    }

    pub fn xml_error(status: u16, code: &str, message: &str) -> Reply {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        Reply::Full(status, Vec::new(), format!("<ErrorResponse>{error}<RequestId>id-2</RequestId></ErrorResponse>"))
    }

    pub fn ec2_error(status: u16, code: &str, message: &str) -> Reply {
        let error = format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
        Reply::Full(status, Vec::new(), format!("<Response>{error}<RequestID>id-3</RequestID></Response>"))
    }

    pub fn s3_error(status: u16, code: &str, region: &str) -> Reply {
        let headers = vec![("x-amz-bucket-region", region.to_owned())];
        Reply::Full(
            status,
            headers,
            format!("<Error><Code>{code}</Code><Message>m</Message><RequestId>id-4</RequestId></Error>"),
        )
    }
}

type Answerer = dyn Fn(&Request, usize) -> Reply + Send + Sync;

struct State {
    answer: Box<Answerer>,
    seen: Mutex<(Vec<Request>, Vec<String>)>,
}

/// The server; it lives as long as the test process.
pub struct Server {
    pub url: String,
    state: Arc<State>,
}

impl Server {
    /// `answer` is told the number of the request, from 0.
    pub fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State { answer: Box::new(answer), seen: Mutex::default() });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Server { url, state }
    }

    /// Every request so far. None may have had a wrong signature.
    pub fn requests(&self) -> Vec<Request> {
        let seen = self.state.seen.lock().unwrap();
        assert_eq!(seen.1, Vec::<String>::new(), "signatures that are wrong");
        seen.0.clone()
    }
}

fn serve(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(read) = read(&mut reader) {
        let reply = match read {
            Ok(request) => {
                let number = {
                    let mut seen = state.seen.lock().unwrap();
                    seen.0.push(request.clone());
                    seen.0.len() - 1
                };
                (state.answer)(&request, number)
            }
            Err(problem) => {
                state.seen.lock().unwrap().1.push(problem);
                Reply::json_error(403, "SignatureDoesNotMatch", "no")
            }
        };
        if !send(stream, reply) {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Result<Request, String>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, address) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // Proxies are sent whole addresses.
    let address =
        address.strip_prefix("http://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(&address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    Some(check(method, path, query, headers, String::from_utf8(body).ok()?))
}

/// The request with what its signature says, if that is right.
fn check(
    method: String,
    path: &str,
    query: &str,
    headers: BTreeMap<String, String>,
    body: String,
) -> Result<Request, String> {
    let wrong = |what: &str| format!("{method} {path}: {what}");
    let header = |name: &str| headers.get(name).map(String::as_str).ok_or_else(|| wrong(&format!("no {name}")));
    let given = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(|| wrong("another algorithm"))?;
    let part = |name: &str| {
        let found = given.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| wrong(&format!("no {name}")))
    };
    let credential = part("Credential")?;
    let [key, day, region, service, "aws4_request"] = *credential.split('/').collect::<Vec<_>>() else {
        return Err(wrong("the credential has other parts"));
    };
    let (_, secret, token) = KEYS.iter().find(|(id, ..)| *id == key).ok_or_else(|| wrong("an unknown key"))?;
    if headers.get("x-amz-security-token").map_or("", String::as_str) != *token {
        return Err(wrong("another token"));
    }
    let moment = header("x-amz-date")?;
    if !moment.starts_with(day) {
        return Err(wrong("another day"));
    }
    let payload = hex(&Sha256::digest(body.as_bytes()));
    if service == "s3" && header("x-amz-content-sha256")? != payload {
        return Err(wrong("another hash of the body"));
    }
    let names = part("SignedHeaders")?;
    for must in ["host", "x-amz-date"] {
        if !names.split(';').any(|name| name == must) {
            return Err(wrong(&format!("{must} is not signed")));
        }
    }
    let mut signed = String::new();
    for name in names.split(';') {
        signed.push_str(&format!("{name}:{}\n", header(name)?));
    }
    // Each part of a path is encoded once more, but for S3.
    let path_signed =
        if service == "s3" { path.to_owned() } else { path.split('/').map(encode).collect::<Vec<_>>().join("/") };
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.sort();
    let canonical = format!("{method}\n{path_signed}\n{}\n{signed}\n{names}\n{payload}", pairs.join("&"));
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let mut signing = format!("AWS4{secret}").into_bytes();
    for part in [day, region, service, "aws4_request"] {
        signing = hmac(&signing, part.as_bytes());
    }
    if hex(&hmac(&signing, text.as_bytes())) != part("Signature")? {
        return Err(wrong(&format!("another signature; canonical request:\n{canonical}")));
    }
    let (key, region, service) = (key.to_owned(), region.to_owned(), service.to_owned());
    let (path, query) = (path.to_owned(), query.to_owned());
    Ok(Request { method, path, query, headers, body, key, region, service })
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    match key.len() {
        0..=64 => block[..key.len()].copy_from_slice(key),
        _ => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let pad = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), text.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap().as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// Sends an answer; whether the connection is still open.
fn send(mut stream: &TcpStream, reply: Reply) -> bool {
    let head = |status: u16, headers: &[(&str, String)], length: usize| {
        let mut head = format!("HTTP/1.1 {status} Word\r\ncontent-length: {length}\r\n");
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head + "\r\n"
    };
    match reply {
        Reply::Full(status, headers, body) => {
            stream.write_all((head(status, &headers, body.len()) + &body).as_bytes()).is_ok()
        }
        Reply::Half(body, bytes) => {
            let _ = stream.write_all((head(200, &[], body.len()) + &body[..bytes]).as_bytes());
            let _ = stream.shutdown(Shutdown::Both);
            false
        }
        Reply::Hangup => {
            let _ = stream.shutdown(Shutdown::Both);
            false
        }
        Reply::Silence => {
            std::thread::sleep(Duration::from_secs(60));
            false
        }
    }
}
