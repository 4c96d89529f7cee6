//! `allows_from`: whether the rules of a security group let the internet in.

use super::network::{Network, cover_everything};
use super::{About, Answer, Arguments, Asked, Decided, Domain, Key, Question, Takes};
use crate::base::symbol::Symbol;
use crate::expr::path::Step;
use crate::expr::{Map, Truth, Value};
use crate::model::Text;

/// The row of the table.
pub static ALLOWS_FROM: Domain = Domain {
    name: "allows_from",
    doc: "Some inbound rule of a security group (its list `IpPermissions`) lets addresses in from where it is asked for. Ranges \
          that are the whole internet only together count as it. Other security groups are not the internet; what a prefix \
          list holds is not known, so if nothing else decides, neither is the answer.",
    keys: &[
        Key {
            name: "cidr",
            takes: Takes::OneOf(&["internet", "internet-v4", "internet-v6", "wide"]),
            required: true,
            doc: "From where. `internet`: every address of IPv4 or of IPv6. `wide`: a public IPv4 range with a prefix of 1 to 23.",
        },
        Key {
            name: "ports",
            takes: Takes::Numbers,
            required: false,
            doc: "Ports; any of them is enough. Without `ports` and `all` any rule counts.",
        },
        Key { name: "all", takes: Takes::Flag, required: false, doc: "true: only rules for all ports count." },
        PROTOCOL,
    ],
    absent: Truth::False,
    reads: &[],
    example: (
        r#"{"cidr": "internet", "ports": [22, 3389]}"#,
        r#"[{"IpProtocol": "tcp", "FromPort": 20, "ToPort": 25, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]"#,
        r#"[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]"#,
    ),
    parse: |arguments| {
        let wanted = Wanted::read(arguments)?;
        if wanted.all_ports && !wanted.ports.is_empty() {
            return Err("only one of `ports` and `all` can be asked for".to_owned());
        }
        let expected = format!("a rule that allows {}", wanted.words());
        Ok(Asked { question: Box::new(wanted), expected })
    },
};

/// The key that says by which protocol, of everything that is asked for ports.
pub const PROTOCOL: Key = Key {
    name: "protocol",
    takes: Takes::OneOf(&["tcp", "udp", "any"]),
    required: false,
    doc: "Protocol of the ports. Default `any` of the two.",
};

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    /// From where.
    pub from: From,
    /// To which ports; to any if there are none.
    pub ports: Vec<u16>,
    /// To all ports at once.
    pub all_ports: bool,
    /// By which protocols, if it matters.
    pub protocols: &'static [Protocol],
}

/// From where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Every address of these families: IPv4, IPv6.
    Internet(bool, bool),
    /// A large public range.
    Wide,
}

/// A protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Wanted {
    /// Reads `cidr`, `ports`, `all` and `protocol`.
    ///
    /// # Errors
    /// A port that is none.
    pub fn read(arguments: &Arguments) -> Result<Wanted, String> {
        let ports = arguments
            .numbers("ports")
            .iter()
            .map(|port| u16::try_from(*port).map_err(|_| format!("a port is a number from 0 to 65535, found {port}")));
        Ok(Wanted {
            from: match arguments.text("cidr") {
                Some("internet-v4") => From::Internet(true, false),
                Some("internet-v6") => From::Internet(false, true),
                Some("wide") => From::Wide,
                _ => From::Internet(true, true),
            },
            ports: ports.collect::<Result<_, _>>()?,
            all_ports: arguments.flag("all") == Some(true),
            protocols: match arguments.text("protocol") {
                Some("tcp") => &[Protocol::Tcp],
                Some("udp") => &[Protocol::Udp],
                _ => &[Protocol::Tcp, Protocol::Udp],
            },
        })
    }

    /// What is asked for, in words.
    pub fn words(&self) -> String {
        let protocol = match self.protocols {
            [Protocol::Tcp] => "tcp ",
            [Protocol::Udp] => "udp ",
            _ => "",
        };
        let ports: Vec<String> = self.ports.iter().map(ToString::to_string).collect();
        let what = match (ports.is_empty(), self.all_ports) {
            (false, _) => format!("{protocol}port {}", ports.join(", ")),
            (true, true) => format!("all {protocol}ports"),
            (true, false) => format!("any {protocol}traffic"),
        };
        let from = match self.from {
            From::Internet(true, true) => "the internet",
            From::Internet(true, false) => "the internet by IPv4",
            From::Internet(..) => "the internet by IPv6",
            From::Wide => "a wide public range",
        };
        format!("{what} from {from}")
    }

    // Each combination of protocol and port by itself; one without both if it does not matter.
    fn targets(&self) -> Vec<Target> {
        if self.ports.is_empty() && !self.all_ports {
            return vec![Target::Anything(self.protocols)];
        }
        let ports = |protocol: &Protocol| -> Vec<Target> {
            if self.all_ports {
                return vec![Target::AllPorts(*protocol)];
            }
            self.ports.iter().map(|port| Target::Port(*protocol, *port)).collect()
        };
        self.protocols.iter().flat_map(ports).collect()
    }
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Anything(&'static [Protocol]),
    AllPorts(Protocol),
    Port(Protocol, u16),
}

// An inbound rule.
struct Permission {
    protocol: Option<Which>,
    // First and last port; all if none.
    ports: Option<(i64, i64)>,
    networks: Vec<Network>,
    // Why there may be further ranges.
    unread: Option<Text>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    These(Protocol),
}

impl Permission {
    // What decides whether the rule matters has to be known; ranges may be known in part.
    fn read(value: &Value) -> Result<Permission, Text> {
        match value {
            Value::Map(_) => {}
            Value::Unknown(why) => return Err(why.clone()),
            other => return Err(format!("expected a rule of a security group, found {}", other.kind()).into()),
        }
        let number = |key: &str| match value.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Unknown(why)) => Err(why.clone()),
            Some(other) => Err(Text::from(format!("expected a number in {key}, found {}", other.kind()))),
        };
        let protocol = protocol(value.get("IpProtocol"))?;
        let ports = match (number("FromPort")?, number("ToPort")?) {
            // Of all protocols it is all ports, whatever stands beside.
            _ if protocol == Some(Which::All) => None,
            (None | Some(-1), _) => None,
            (Some(from), Some(to)) => Some((from, if to == -1 { i64::from(u16::MAX) } else { to })),
            (Some(_), None) => return Err("a rule has a first port and no last one".into()),
        };
        let (mut networks, mut unread) = (Vec::new(), None);
        for (list, key) in [("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")] {
            match ranges(value, list, key) {
                Ok(own) => networks.extend(own),
                Err(why) => unread = unread.or(Some(why)),
            }
        }
        match value.get("PrefixListIds") {
            None | Some(Value::Null) => {}
            Some(Value::List(lists)) => {
                if let Some(list) = lists.first() {
                    let id = list.get("PrefixListId").and_then(Value::as_str).unwrap_or("unknown");
                    unread = unread.or(Some(format!("the ranges of prefix list {id} were not read").into()));
                }
            }
            Some(_) => unread = unread.or(Some("the prefix lists of a rule could not be read".into())),
        }
        Ok(Permission { protocol, ports, networks, unread })
    }

    fn concerns(&self, target: Target) -> bool {
        let protocol =
            |asked: Protocol| matches!(self.protocol, Some(Which::All)) || self.protocol == Some(Which::These(asked));
        match target {
            Target::Anything([only]) => protocol(*only),
            Target::Anything(_) => true,
            Target::AllPorts(asked) => {
                protocol(asked) && self.ports.is_none_or(|(from, to)| from <= 1 && to >= i64::from(u16::MAX))
            }
            Target::Port(asked, port) => {
                protocol(asked) && self.ports.is_none_or(|(from, to)| (from..=to).contains(&i64::from(port)))
            }
        }
    }
}

/// The protocol that a rule names; none for those without ports.
fn protocol(value: Option<&Value>) -> Result<Option<Which>, Text> {
    let text = match value {
        Some(Value::Str(text)) => text.to_ascii_lowercase(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Unknown(why)) => return Err(why.clone()),
        other => {
            let found = other.map_or("nothing", Value::kind);
            return Err(format!("expected the protocol of a rule, found {found}").into());
        }
    };
    Ok(match text.as_str() {
        "-1" | "all" => Some(Which::All),
        "tcp" | "6" => Some(Which::These(Protocol::Tcp)),
        "udp" | "17" => Some(Which::These(Protocol::Udp)),
        _ => None,
    })
}

/// Whether the protocol that a rule names is or contains this one.
///
/// # Errors
/// Why nobody knows.
pub fn is_protocol(value: Option<&Value>, asked: Protocol) -> Result<bool, Text> {
    Ok(match protocol(value)? {
        Some(Which::All) => true,
        Some(Which::These(own)) => own == asked,
        None => false,
    })
}

fn ranges(value: &Value, list: &str, key: &str) -> Result<Vec<Network>, Text> {
    let items = match value.get(list) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::List(items)) => items,
        Some(Value::Unknown(why)) => return Err(why.clone()),
        Some(other) => return Err(format!("expected a list of ranges in {list}, found {}", other.kind()).into()),
    };
    let range = |item: &Value| match item.get(key) {
        Some(Value::Str(text)) => {
            Network::parse(text).ok_or_else(|| Text::from(format!("expected a range of addresses, found \"{text}\"")))
        }
        Some(Value::Unknown(why)) => Err(why.clone()),
        _ => Err(Text::from(format!("expected {key} in a range of {list}"))),
    };
    items.iter().map(range).collect()
}

impl Question for Wanted {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let items = match value {
            Value::List(items) => items,
            Value::Unknown(why) => return Answer::unknown(why.clone()),
            other => return Answer::unknown(format!("expected a list of rules, found {}", other.kind())),
        };
        let (mut rules, mut unread) = (Vec::new(), None);
        for (at, item) in items.iter().enumerate() {
            match Permission::read(item) {
                Ok(rule) => rules.push((at, rule)),
                Err(why) => unread = unread.or(Some(why)),
            }
        }
        let mut open: Vec<(usize, Vec<Network>)> = Vec::new();
        for target in self.targets() {
            let concerned: Vec<&(usize, Permission)> = rules.iter().filter(|(_, rule)| rule.concerns(target)).collect();
            unread = unread.or_else(|| concerned.iter().find_map(|(_, rule)| rule.unread.clone()));
            for (at, networks) in self.open(&concerned) {
                match open.iter_mut().find(|(known, _)| *known == at) {
                    Some((_, known)) => {
                        let new: Vec<Network> = networks.into_iter().filter(|n| !known.contains(n)).collect();
                        known.extend(new);
                    }
                    None => open.push((at, networks)),
                }
            }
        }
        open.sort_by_key(|(at, _)| *at);
        let decided = open.into_iter().filter_map(|(at, networks)| {
            Some(Decided { steps: vec![Step::Index(at)], shown: shown(items.get(at)?, &networks) })
        });
        Answer::some(decided.collect(), unread)
    }
}

impl Wanted {
    // The rules that let in from where it is asked for, with the ranges that do.
    fn open(&self, rules: &[&(usize, Permission)]) -> Vec<(usize, Vec<Network>)> {
        let those = |wanted: &dyn Fn(&Network) -> bool| -> Vec<(usize, Vec<Network>)> {
            let of = |rule: &Permission| rule.networks.iter().filter(|n| wanted(n)).copied().collect::<Vec<_>>();
            rules.iter().map(|(at, rule)| (*at, of(rule))).filter(|(_, networks)| !networks.is_empty()).collect()
        };
        let (v4, v6) = match self.from {
            From::Internet(v4, v6) => (v4, v6),
            From::Wide => {
                return those(&|n| matches!(n, Network::V4(_, 1..=23)) && !n.is_private_v4());
            }
        };
        let mut open = Vec::new();
        for family in [true, false] {
            if !(if family { v4 } else { v6 }) {
                continue;
            }
            let own = |n: &Network| matches!(n, Network::V4(..)) == family;
            let whole = those(&|n| own(n) && n.is_everything());
            if !whole.is_empty() {
                open.extend(whole);
                continue;
            }
            let parts = those(&own);
            let all: Vec<Network> = parts.iter().flat_map(|(_, networks)| networks).copied().collect();
            if cover_everything(&all) {
                open.extend(parts);
            }
        }
        open
    }
}

// The rule with the ranges that matter: others may be many.
fn shown(rule: &Value, networks: &[Network]) -> Value {
    let mut entries: Vec<(Symbol, Value)> = ["IpProtocol", "FromPort", "ToPort"]
        .into_iter()
        .filter_map(|key| Some((Symbol::new(key), rule.get(key)?.clone())))
        .collect();
    let from = networks.iter().map(|network| Value::str(network.to_string()));
    entries.push((Symbol::new("from"), Value::list(from)));
    Value::Map(Map::new(entries).into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::{ask, decided, fault};
    use super::*;

    fn rule(protocol: Json, from: Json, to: Json, cidrs: &[&str]) -> Json {
        let (v6, v4): (Vec<&str>, Vec<&str>) = cidrs.iter().partition(|cidr| cidr.contains(':'));
        json!({"IpProtocol": protocol, "FromPort": from, "ToPort": to, "PrefixListIds": [], "UserIdGroupPairs": [],
            "IpRanges": v4.iter().map(|c| json!({"CidrIp": c})).collect::<Vec<_>>(),
            "Ipv6Ranges": v6.iter().map(|c| json!({"CidrIpv6": c})).collect::<Vec<_>>()})
    }

    fn allows(operand: Json, rules: Json) -> Truth {
        ask("allows_from", operand, rules)
    }

    #[test]
    fn ports_and_protocols() {
        let admin = || json!({"cidr": "internet", "ports": [22, 3389]});
        let any = &["0.0.0.0/0"][..];
        for (protocol, from, to, expected) in [
            (json!("tcp"), json!(22), json!(22), true),
            (json!("tcp"), json!(0), json!(65535), true),
            (json!("tcp"), json!(3000), json!(4000), true),
            (json!("tcp"), json!(23), json!(3388), false),
            (json!("6"), json!(22), json!(22), true),
            (json!(6), json!(22), json!(22), true),
            (json!("17"), json!(3389), json!(3389), true),
            (json!("-1"), json!(null), json!(null), true),
            (json!("-1"), json!(-1), json!(-1), true),
            (json!("-1"), json!(0), json!(0), true),
            (json!("tcp"), json!(null), json!(null), true),
            (json!("tcp"), json!(-1), json!(-1), true),
            (json!("icmp"), json!(-1), json!(-1), false),
            (json!("icmp"), json!(3), json!(22), false),
            (json!("icmpv6"), json!(-1), json!(-1), false),
            (json!("50"), json!(null), json!(null), false),
        ] {
            let rules = json!([rule(protocol.clone(), from.clone(), to.clone(), any)]);
            assert_eq!(allows(admin(), rules), Truth::from(expected), "{protocol} {from}-{to}");
        }
        let udp = json!([rule(json!("udp"), json!(22), json!(22), any)]);
        assert_eq!(allows(json!({"cidr": "internet", "ports": 22, "protocol": "tcp"}), udp.clone()), Truth::False);
        assert_eq!(allows(json!({"cidr": "internet", "ports": 22, "protocol": "udp"}), udp), Truth::True);
    }

    #[test]
    fn the_internet_however_spelled() {
        for (cidrs, v4, v6) in [
            (&["0.0.0.0/0"][..], true, false),
            (&["1.2.3.4/0"], true, false),
            (&["::/0"], false, true),
            (&["0::0/0"], false, true),
            (&["0.0.0.0/1", "128.0.0.0/1"], true, false),
            (&["8000::/1", "::/1"], false, true),
            (&["0.0.0.0/1"], false, false),
            (&["10.0.0.0/8", "203.0.113.0/24"], false, false),
            (&[], false, false),
        ] {
            let rules = json!([rule(json!("tcp"), json!(22), json!(22), cidrs)]);
            for (cidr, expected) in [("internet-v4", v4), ("internet-v6", v6), ("internet", v4 || v6)] {
                let operand = json!({"cidr": cidr, "ports": [22]});
                assert_eq!(allows(operand, rules.clone()), Truth::from(expected), "{cidr} of {cidrs:?}");
            }
        }
        // Halves in two rules, but only where both are for the port.
        let half = |port: i64, cidr: &str| rule(json!("tcp"), json!(port), json!(port), &[cidr]);
        let operand = || json!({"cidr": "internet", "ports": [22, 23]});
        assert_eq!(allows(operand(), json!([half(22, "0.0.0.0/1"), half(22, "128.0.0.0/1")])), Truth::True);
        assert_eq!(allows(operand(), json!([half(22, "0.0.0.0/1"), half(23, "128.0.0.0/1")])), Truth::False);
    }

    #[test]
    fn all_ports_and_any_traffic() {
        let all = || json!({"cidr": "internet", "all": true});
        let any = &["::/0"][..];
        assert_eq!(allows(all(), json!([rule(json!("-1"), json!(null), json!(null), any)])), Truth::True);
        assert_eq!(allows(all(), json!([rule(json!("tcp"), json!(0), json!(65535), any)])), Truth::True);
        assert_eq!(allows(all(), json!([rule(json!("tcp"), json!(1024), json!(65535), any)])), Truth::False);
        let icmp = json!([rule(json!("icmp"), json!(8), json!(-1), any)]);
        assert_eq!(allows(json!({"cidr": "internet"}), icmp.clone()), Truth::True);
        assert_eq!(allows(json!({"cidr": "internet", "protocol": "tcp"}), icmp), Truth::False);
    }

    #[test]
    fn wide_ranges() {
        for (cidr, expected) in [
            ("8.0.0.0/8", true),
            ("203.0.112.0/23", true),
            ("203.0.113.0/24", false),
            ("0.0.0.0/0", false),
            ("10.0.0.0/8", false),
            ("172.16.0.0/12", false),
            ("192.168.0.0/16", false),
            ("172.0.0.0/8", true),
            ("2001::/16", false),
        ] {
            let rules = json!([rule(json!("tcp"), json!(443), json!(443), &[cidr])]);
            assert_eq!(allows(json!({"cidr": "wide"}), rules), Truth::from(expected), "{cidr}");
        }
    }

    #[test]
    fn what_cannot_be_resolved_is_unknown() {
        let mut listed = rule(json!("tcp"), json!(22), json!(22), &[]);
        listed["PrefixListIds"] = json!([{"PrefixListId": "pl-1"}]);
        listed["UserIdGroupPairs"] = json!([{"GroupId": "sg-1"}]);
        let open = rule(json!("tcp"), json!(22), json!(22), &["0.0.0.0/0"]);
        let ssh = || json!({"cidr": "internet", "ports": [22]});
        assert_eq!(allows(ssh(), json!([listed])), Truth::Unknown);
        assert_eq!(allows(ssh(), json!([listed, open])), Truth::True);
        assert_eq!(allows(json!({"cidr": "internet", "ports": [23]}), json!([listed])), Truth::False);
        assert!(decided("allows_from", ssh(), json!([listed])).concat().contains("prefix list pl-1"));
        for wrong in [
            json!([7]),
            json!([{"IpProtocol": null}]),
            json!([{"IpProtocol": "tcp", "FromPort": "22", "ToPort": 22}]),
            json!([{"IpProtocol": "tcp", "FromPort": 22}]),
            json!([rule(json!("tcp"), json!(22), json!(22), &["anywhere"])]),
            json!([{"IpProtocol": "-1", "IpRanges": [{}]}]),
            json!([{"IpProtocol": "-1", "IpRanges": "0.0.0.0/0"}]),
            json!({}),
        ] {
            assert_eq!(allows(ssh(), wrong.clone()), Truth::Unknown, "{wrong}");
        }
    }

    #[test]
    fn evidence_is_the_rule_with_its_ranges() {
        let rules = json!([
            rule(json!("tcp"), json!(443), json!(443), &["0.0.0.0/0"]),
            rule(json!("tcp"), json!(20), json!(25), &["10.0.0.0/8", "0.0.0.0/0", "::/0"]),
        ]);
        assert_eq!(
            decided("allows_from", json!({"cidr": "internet", "ports": [22, 25]}), rules),
            [r#"[1]: {"IpProtocol":"tcp","FromPort":20,"ToPort":25,"from":["0.0.0.0/0","::/0"]}"#]
        );
        assert!(fault("allows_from", json!({"cidr": "internet", "ports": [70000]})).contains("0 to 65535"));
        assert!(fault("allows_from", json!({"cidr": "internet", "ports": [1], "all": true})).contains("only one of"));
        assert!(fault("allows_from", json!({"ports": [1]})).contains("needs `cidr`"));
    }
}
