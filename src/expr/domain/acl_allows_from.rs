//! `acl_allows_from`: whether a network ACL lets the internet in.

use super::allows_from::{From, PROTOCOL, Protocol, Wanted, is_protocol};
use super::network::{Network, cover_everything};
use super::{About, Answer, Asked, Decided, Domain, Key, Question, Takes};
use crate::expr::path::Step;
use crate::expr::{Truth, Value};
use crate::model::Text;

/// The row of the table.
pub static ACL_ALLOWS_FROM: Domain = Domain {
    name: "acl_allows_from",
    doc: "The inbound entries of a network ACL (its list `Entries`), in the order of their numbers, let the whole internet in to \
          one of the ports: the first entry for every address that is for the port decides. IPv4 and IPv6 are judged apart, and \
          so are TCP and UDP.",
    keys: &[
        Key {
            name: "cidr",
            takes: Takes::OneOf(&["internet", "internet-v4", "internet-v6"]),
            required: true,
            doc: "From where. `internet`: every address of IPv4 or of IPv6.",
        },
        Key { name: "ports", takes: Takes::Numbers, required: true, doc: "Ports; any of them is enough." },
        PROTOCOL,
    ],
    absent: Truth::False,
    reads: &[],
    example: (
        r#"{"cidr": "internet", "ports": [22]}"#,
        r#"[{"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": false, "CidrBlock": "0.0.0.0/0"}]"#,
        r#"[{"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": false, "CidrBlock": "0.0.0.0/0"}, {"RuleNumber": 90, "Protocol": "6", "RuleAction": "deny", "Egress": false, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}}, {"RuleNumber": 91, "Protocol": "17", "RuleAction": "deny", "Egress": false, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}}]"#,
    ),
    parse: |arguments| {
        let wanted = Wanted::read(arguments)?;
        if wanted.ports.is_empty() {
            return Err("`ports` may not be empty".to_owned());
        }
        let expected = format!("an entry that allows {}", wanted.words());
        Ok(Asked { question: Box::new(Acl(wanted)), expected })
    },
};

#[derive(Debug)]
struct Acl(Wanted);

struct Entry {
    at: usize,
    number: i64,
    allows: bool,
    protocol: Value,
    ports: Option<(i64, i64)>,
    network: Network,
}

impl Question for Acl {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let items = match value {
            Value::List(items) => items,
            Value::Unknown(why) => return Answer::unknown(why.clone()),
            other => return Answer::unknown(format!("expected a list of entries, found {}", other.kind())),
        };
        let mut entries = Vec::new();
        for (at, item) in items.iter().enumerate() {
            match entry(at, item) {
                Ok(own) => entries.extend(own),
                // Wherever it belongs, it may come before all others.
                Err(why) => return Answer::unknown(why),
            }
        }
        entries.sort_by_key(|entry| entry.number);
        let mut open: Vec<usize> = Vec::new();
        for protocol in self.0.protocols {
            for port in &self.0.ports {
                for v4 in [true, false] {
                    if self.asks_for(v4) {
                        open.extend(deciding(&entries, *protocol, *port, v4));
                    }
                }
            }
        }
        open.sort_unstable();
        open.dedup();
        let decided = open
            .into_iter()
            .filter_map(|at| Some(Decided { steps: vec![Step::Index(at)], shown: items.get(at)?.clone() }));
        Answer::some(decided.collect(), None)
    }
}

impl Acl {
    fn asks_for(&self, v4: bool) -> bool {
        match self.0.from {
            From::Internet(own_v4, own_v6) => {
                if v4 {
                    own_v4
                } else {
                    own_v6
                }
            }
            From::Wide => false,
        }
    }
}

// The entries that let every address in, if they do.
fn deciding(entries: &[Entry], protocol: Protocol, port: u16, v4: bool) -> Vec<usize> {
    let (mut allowed, mut denied): (Vec<(usize, Network)>, Vec<Network>) = (Vec::new(), Vec::new());
    for entry in entries {
        let concerned = matches!(entry.network, Network::V4(..)) == v4
            && is_protocol(Some(&entry.protocol), protocol).unwrap_or(false)
            && entry.ports.is_none_or(|(from, to)| (from..=to).contains(&i64::from(port)));
        if !concerned {
            continue;
        }
        match (entry.allows, entry.network.is_everything()) {
            (true, true) => return vec![entry.at],
            (false, true) => return Vec::new(),
            (true, false) => {
                allowed.push((entry.at, entry.network));
                let networks: Vec<Network> = allowed.iter().map(|(_, network)| *network).collect();
                if cover_everything(&networks) {
                    return allowed.into_iter().map(|(at, _)| at).collect();
                }
            }
            // What is denied to some is not denied to all, unless it is to all of them one after the other.
            (false, false) => {
                denied.push(entry.network);
                if cover_everything(&denied) {
                    return Vec::new();
                }
            }
        }
    }
    Vec::new()
}

// An inbound entry; none if it is outbound.
fn entry(at: usize, value: &Value) -> Result<Option<Entry>, Text> {
    let wrong = |what: &str, found: Option<&Value>| {
        Text::from(match found {
            Some(Value::Unknown(why)) => why.to_string(),
            found => format!("expected {what} of a network ACL, found {}", found.map_or("nothing", Value::kind)),
        })
    };
    if !matches!(value, Value::Map(_)) {
        return Err(wrong("an entry", Some(value)));
    }
    match value.get("Egress") {
        Some(Value::Bool(true)) => return Ok(None),
        Some(Value::Bool(false)) => {}
        found => return Err(wrong("the direction of an entry", found)),
    }
    let number = match value.get("RuleNumber") {
        Some(Value::Int(number)) => *number,
        found => return Err(wrong("the number of an entry", found)),
    };
    let allows = match value.get("RuleAction") {
        Some(Value::Str(action)) if **action == *"allow" => true,
        Some(Value::Str(action)) if **action == *"deny" => false,
        found => return Err(wrong("allow or deny as the action of an entry", found)),
    };
    let protocol = value.get("Protocol").cloned().unwrap_or_default();
    is_protocol(Some(&protocol), Protocol::Tcp)?;
    let ports = match value.get("PortRange") {
        None | Some(Value::Null) => None,
        Some(range) => match (range.get("From"), range.get("To")) {
            (Some(Value::Int(-1)), _) => None,
            (Some(Value::Int(from)), Some(Value::Int(to))) => Some((*from, *to)),
            _ => return Err(wrong("the ports of an entry", Some(range))),
        },
    };
    let cidr = ["CidrBlock", "Ipv6CidrBlock"].iter().find_map(|key| match value.get(key) {
        None | Some(Value::Null) => None,
        found => found,
    });
    let network = match cidr {
        Some(Value::Str(text)) => Network::parse(text),
        _ => None,
    };
    let network = network.ok_or_else(|| wrong("the range of an entry", cidr))?;
    Ok(Some(Entry { at, number, allows, protocol, ports, network }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, decided};
    use super::*;

    fn entry(number: i64, action: &str, protocol: &str, cidr: &str, ports: Option<(i64, i64)>) -> Json {
        let key = if cidr.contains(':') { "Ipv6CidrBlock" } else { "CidrBlock" };
        let mut entry =
            json!({"RuleNumber": number, "RuleAction": action, "Protocol": protocol, "Egress": false, key: cidr});
        if let Some((from, to)) = ports {
            entry["PortRange"] = json!({"From": from, "To": to});
        }
        entry
    }

    fn allows(entries: Json) -> Truth {
        ask("acl_allows_from", json!({"cidr": "internet", "ports": [22, 3389]}), entries)
    }

    const ANY: &str = "0.0.0.0/0";

    #[test]
    fn the_first_match_decides() {
        let allow_all = || entry(100, "allow", "-1", ANY, None);
        let default = || entry(32767, "deny", "-1", ANY, None);
        let ssh = Some((22, 22));
        for (entries, expected) in [
            (json!([allow_all(), default()]), true),
            (json!([default()]), false),
            (json!([]), false),
            // Both ports are closed before everything is opened, in any order of the list.
            (json!([allow_all(), entry(90, "deny", "-1", ANY, None)]), false),
            (json!([entry(90, "deny", "6", ANY, ssh), allow_all()]), true),
            (json!([entry(110, "deny", "6", ANY, ssh), entry(100, "allow", "6", ANY, ssh)]), true),
            (json!([entry(90, "deny", "6", ANY, ssh), entry(100, "allow", "6", ANY, ssh)]), false),
            (json!([entry(90, "deny", "17", ANY, ssh), entry(100, "allow", "6", ANY, ssh)]), true),
            (json!([entry(90, "deny", "6", "10.0.0.0/8", ssh), entry(100, "allow", "6", ANY, ssh)]), true),
            (json!([entry(90, "allow", "6", "10.0.0.0/8", ssh), default()]), false),
            (
                json!([
                    entry(90, "deny", "6", "0.0.0.0/1", ssh),
                    entry(91, "deny", "6", "128.0.0.0/1", ssh),
                    entry(100, "allow", "6", ANY, ssh)
                ]),
                false,
            ),
            (json!([entry(90, "deny", "6", "0.0.0.0/1", ssh), entry(100, "allow", "6", ANY, ssh)]), true),
            (json!([entry(90, "allow", "6", ANY, Some((3000, 4000)))]), true),
            (json!([entry(90, "allow", "6", ANY, Some((23, 3388)))]), false),
            (json!([entry(90, "allow", "1", ANY, None)]), false),
            (json!([entry(90, "allow", "6", "::/0", ssh), entry(80, "deny", "6", ANY, ssh)]), true),
            (json!([entry(90, "allow", "6", "0.0.0.0/1", ssh), entry(91, "allow", "6", "128.0.0.0/1", ssh)]), true),
        ] {
            assert_eq!(allows(entries.clone()), Truth::from(expected), "{entries}");
        }
        let v4 = json!({"cidr": "internet-v4", "ports": [22]});
        assert_eq!(ask("acl_allows_from", v4, json!([entry(90, "allow", "6", "::/0", ssh)])), Truth::False);
        let mut out = allow_all();
        out["Egress"] = json!(true);
        assert_eq!(allows(json!([out])), Truth::False);
    }

    #[test]
    fn what_cannot_be_read_may_come_first() {
        for (key, value) in [
            ("Egress", json!(null)),
            ("RuleNumber", json!("100")),
            ("RuleAction", json!("maybe")),
            ("Protocol", json!(null)),
            ("PortRange", json!({"From": 1})),
            ("CidrBlock", json!("everywhere")),
        ] {
            let mut faulty = entry(100, "allow", "-1", ANY, None);
            faulty[key] = value;
            assert_eq!(allows(json!([faulty, entry(200, "allow", "-1", ANY, None)])), Truth::Unknown, "{key}");
        }
        assert_eq!(allows(json!("x")), Truth::Unknown);
    }

    #[test]
    fn evidence_is_the_entry() {
        let entries = json!([entry(200, "deny", "-1", ANY, None), entry(100, "allow", "6", ANY, Some((22, 22)))]);
        let lines = decided("acl_allows_from", json!({"cidr": "internet", "ports": [22]}), entries);
        assert!(
            lines.len() == 1 && lines[0].starts_with("[1]: ") && lines[0].contains(r#""RuleNumber":100"#),
            "{lines:?}"
        );
    }
}
