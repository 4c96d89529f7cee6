//! Address ranges, and when several of them are everything.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses: its first address and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// IPv4.
    V4(Ipv4Addr, u8),
    /// IPv6.
    V6(Ipv6Addr, u8),
}

impl Network {
    /// Reads `10.0.0.0/8`, `::/0` or a single address, however spelled; bits behind the prefix do not count.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(prefix.parse::<u8>().ok()?))
            }
            Some(_) => return None,
            None => (text.trim(), None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let prefix = prefix.unwrap_or(32);
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(prefix.into())?).unwrap_or(0);
                Some(Network::V4(Ipv4Addr::from_bits(address.to_bits() & mask), prefix))
            }
            IpAddr::V6(address) => {
                let prefix = prefix.unwrap_or(128);
                // An address of IPv4 in the clothes of IPv6.
                if let (Some(address), Some(prefix @ ..=32)) = (address.to_ipv4_mapped(), prefix.checked_sub(96)) {
                    return Network::parse(&format!("{address}/{prefix}"));
                }
                let mask = u128::MAX.checked_shl(128_u32.checked_sub(prefix.into())?).unwrap_or(0);
                Some(Network::V6(Ipv6Addr::from_bits(address.to_bits() & mask), prefix))
            }
        }
    }

    /// Every address of its family that somebody can have.
    pub fn is_everything(self) -> bool {
        cover_everything(&[self])
    }

    /// Lies in what IPv4 reserves for private use, or shares with a provider.
    pub fn is_private_v4(self) -> bool {
        const PRIVATE: [(Ipv4Addr, u8); 4] = [
            (Ipv4Addr::new(10, 0, 0, 0), 8),
            (Ipv4Addr::new(172, 16, 0, 0), 12),
            (Ipv4Addr::new(192, 168, 0, 0), 16),
            (Ipv4Addr::new(100, 64, 0, 0), 10),
        ];
        let Network::V4(address, prefix) = self else { return false };
        PRIVATE.iter().any(|(first, length)| {
            prefix >= *length && (address.to_bits() ^ first.to_bits()).leading_zeros() >= u32::from(*length)
        })
    }

    // First and last address as numbers, with those of IPv4 in the same scale.
    fn bounds(self) -> (u128, u128) {
        match self {
            Network::V4(address, prefix) => {
                let first = address.to_bits();
                let rest = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
                (first.into(), (first | rest).into())
            }
            Network::V6(address, prefix) => {
                let first = address.to_bits();
                (first, first | u128::MAX.checked_shr(prefix.into()).unwrap_or(0))
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::V4(address, prefix) => write!(f, "{address}/{prefix}"),
            Network::V6(address, prefix) => write!(f, "{address}/{prefix}"),
        }
    }
}

/// First and last of the addresses of IPv6 that the internet has: `2000::/3`.
const INTERNET_V6: (u128, u128) = (0x2000 << 112, (0x4000 << 112) - 1);

/// Whether ranges together are every address of IPv4, or every one that IPv6 has in the internet.
pub fn cover_everything(networks: &[Network]) -> bool {
    let covers = |mut bounds: Vec<(u128, u128)>, first: u128, last: u128| {
        bounds.sort_unstable();
        // Everything from the first one to below this is covered.
        let mut next = first;
        for (from, to) in bounds {
            if from > next {
                return false;
            }
            if to >= last {
                return true;
            }
            next = next.max(to + 1);
        }
        false
    };
    let of =
        |v4: bool| networks.iter().filter(move |n| matches!(n, Network::V4(..)) == v4).map(|n| n.bounds()).collect();
    covers(of(true), 0, u32::MAX.into()) || covers(of(false), INTERNET_V6.0, INTERNET_V6.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| Network::parse(text).unwrap()).collect()
    }

    #[test]
    fn ranges_however_spelled() {
        for text in ["0.0.0.0/0", "1.2.3.4/0", "::/0", "0::0/0", "0:0:0:0:0:0:0:0/0", " ::/0 ", "2000::/3", "::/2"] {
            assert!(Network::parse(text).unwrap().is_everything(), "{text}");
        }
        assert_eq!(Network::parse("::ffff:10.1.2.3/104"), Network::parse("10.0.0.0/8"));
        assert_eq!(Network::parse("::ffff:a01:203"), Network::parse("10.1.2.3"));
        assert!(Network::parse("::ffff:0:0/96").unwrap().is_everything());
        for text in ["10.0.0.0/8", "8000::/1", "2000::/4", "fc00::/7", "0.0.0.0", "0.0.0.0/32", "::ffff:0:0/95"] {
            assert!(!Network::parse(text).unwrap().is_everything(), "{text}");
        }
        for text in [
            "",
            "/",
            "/0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "::ffff:1.2.3.4/129",
            "10.0.0/8",
            "10.0.0.0/+8",
            "x",
            "10.0.0.0/999",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn parts_can_be_everything() {
        for (texts, expected) in [
            (&["0.0.0.0/0"][..], true),
            (&["128.0.0.0/1", "0.0.0.0/1"], true),
            (&["0.0.0.0/1"], false),
            (&["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"], true),
            (&["0.0.0.0/1", "192.0.0.0/2"], false),
            (&["::/1", "8000::/1"], true),
            (&["0.0.0.0/1", "8000::/1"], false),
            (&[], false),
        ] {
            assert_eq!(cover_everything(&networks(texts)), expected, "{texts:?}");
        }
    }

    #[test]
    fn private_ranges() {
        for (text, expected) in [
            ("10.1.0.0/16", true),
            ("10.0.0.0/7", false),
            ("172.31.0.0/16", true),
            ("172.32.0.0/16", false),
            ("192.168.0.0/16", true),
            ("100.64.0.0/10", true),
            ("8.0.0.0/8", false),
            ("fd00::/8", false),
        ] {
            assert_eq!(Network::parse(text).unwrap().is_private_v4(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn splitting_a_range_changes_nothing(cuts in prop::collection::vec(any::<u32>(), 0..8), drop: bool) {
            // Halve everything again and again where an address lies.
            let mut all = vec![Network::V4(Ipv4Addr::UNSPECIFIED, 0)];
            for cut in cuts {
                let found = all.iter().position(|network| {
                    let (from, to) = network.bounds();
                    (from..=to).contains(&u128::from(cut)) && from < to
                });
                if let Some(at) = found && let Network::V4(first, prefix) = all.remove(at) {
                    let half = 1_u32 << (31 - prefix);
                    all.push(Network::V4(first, prefix + 1));
                    all.push(Network::V4(Ipv4Addr::from_bits(first.to_bits() | half), prefix + 1));
                }
            }
            if drop {
                all.pop();
            }
            prop_assert_eq!(cover_everything(&all), !drop);
        }
    }
}
