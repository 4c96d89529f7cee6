//! Which proxy the environment asks for. The client compares NO_PROXY with the proxy instead of the server, so it is done
//! here: as in other Kubernetes clients, loopback servers and those that NO_PROXY covers are reached directly.

use std::net::IpAddr;

use ipnet::IpNet;

/// The proxy `found` in the environment, if it is to be used for `server`.
pub(super) fn from_environment(server: &http::Uri, found: Option<http::Uri>) -> Option<http::Uri> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    // Not what the client found: it gives up a proxy for the wrong reason.
    let proxy =
        variable("HTTPS_PROXY").or_else(|| variable("https_proxy")).and_then(|url| url.parse().ok()).or(found)?;
    let exempt = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    (!is_exempt(server, &exempt)).then_some(proxy)
}

/// Whether `host` is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || bare(host).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_exempt(server: &http::Uri, list: &str) -> bool {
    let Some(host) = server.host() else { return true };
    let host = bare(host).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    is_loopback(&host) || list.split(',').map(str::trim).any(|entry| covers(entry, &host, port))
}

/// `*`, a network, an address, a domain (with the hosts below it), each but the first two also with a port.
fn covers(entry: &str, host: &str, port: u16) -> bool {
    if entry.is_empty() {
        return false;
    }
    if let Ok(network) = entry.parse::<IpNet>() {
        return host.parse::<IpAddr>().is_ok_and(|address| network.contains(&address));
    }
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, number)) if !name.contains(':') || name.ends_with(']') => match number.parse::<u16>() {
            Ok(number) => (name, Some(number)),
            Err(_) => return false,
        },
        _ => (entry, None),
    };
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    let name = bare(name).to_ascii_lowercase();
    let domain = name.strip_prefix('*').unwrap_or(&name);
    let below = domain.strip_prefix('.').unwrap_or(domain);
    // A leading dot excludes the domain itself.
    name == "*"
        || (below.len() == name.len() && host == below)
        || host.strip_suffix(below).is_some_and(|h| h.ends_with('.'))
}

/// An IPv6 address without brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::is_exempt;

    #[test]
    fn exemptions_are_judged_by_the_server() {
        let exempt = |server: &str, list: &str| is_exempt(&server.parse().unwrap(), list);
        assert!(exempt("https://127.0.0.1:6443", ""));
        assert!(exempt("https://[::1]:6443", ""));
        assert!(exempt("https://localhost", ""));
        assert!(!exempt("https://api.example:6443", "localhost,,127.0.0.1"));
        assert!(exempt("https://api.example:6443", "*"));
        assert!(exempt("https://api.example:6443", "other, API.example"));
        assert!(exempt("https://api.example:6443", ".example"));
        assert!(exempt("https://api.example:6443", "*.example"));
        assert!(exempt("https://api.example:6443", "example:6443"));
        assert!(!exempt("https://api.example:6443", "example:443"));
        assert!(!exempt("https://api.example", ".api.example"));
        assert!(!exempt("https://notexample", "example"));
        assert!(exempt("https://10.1.2.3", "10.0.0.0/8"));
        assert!(!exempt("https://11.1.2.3", "10.0.0.0/8"));
        assert!(exempt("https://[fd00::1]:6443", "[fd00::1]:6443"));
        assert!(exempt("https://[fd00::1]:6443", "fd00::1"));
    }
}
