//! Which proxies are believed about a client's address, and what follows from what they say.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Networks of proxies that pass on the address of whoever asked them.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Addresses and networks, separated by commas.
    ///
    /// # Errors
    /// What is wrong with the first that is not taken.
    pub fn parse(list: &str) -> Result<Self, String> {
        let named = list.split(',').map(str::trim).filter(|text| !text.is_empty());
        named.map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether none is believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn trust(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Who asked, by the connection and by what each proxy on the way says of the one before it, the nearest last. Only
    /// what a trusted one says counts; where it says nothing that can be read, it is itself who asked.
    pub fn client(&self, peer: IpAddr, said: &[Option<IpAddr>]) -> IpAddr {
        let mut client = peer.to_canonical();
        for before in said.iter().rev() {
            match before {
                Some(before) if self.trust(client) => client = before.to_canonical(),
                _ => break,
            }
        }
        client
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let found = text.parse::<IpNet>().ok();
    let found = found.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    match found {
        Some(network) if network.prefix_len() == 0 => Err(format!("{text} would believe everybody: name your proxies")),
        Some(network) => Ok(network.trunc()),
        None => Err(format!(
            "must be addresses or networks such as 127.0.0.1, ::1 or 10.20.0.0/16, separated by commas, not {text:?}"
        )),
    }
}

/// The addresses of a value of `X-Forwarded-For`.
pub fn x_forwarded_for(value: &str) -> impl Iterator<Item = Option<IpAddr>> {
    value.split(',').map(address)
}

/// The addresses of a value of `Forwarded` (RFC 7239).
pub fn forwarded(value: &str) -> impl Iterator<Item = Option<IpAddr>> {
    value.split(',').map(|element| {
        let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
        named.next().and_then(|(_, by)| address(by))
    })
}

/// An address, perhaps in quotes, in brackets, with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_walk_ends_at_the_first_that_is_not_trusted() {
        let trusted = TrustedProxies::parse("127.0.0.1, 10.1.2.3/16,::1").expect("networks");
        let client = |peer: &str, value: &str| {
            let said: Vec<_> = x_forwarded_for(value).collect();
            trusted.client(ip(peer), &said).to_string()
        };
        for (peer, value, who) in [
            ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "1.1.1.1, 198.51.100.1,10.1.9.9 , ::1", "198.51.100.1"),
            ("127.0.0.1", "10.1.9.9", "10.1.9.9"),
            ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
            ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("127.0.0.1", "1.1.1.1, unknown", "127.0.0.1"),
            ("127.0.0.1", "1.1.1.1, nonsense, 10.1.0.1", "10.1.0.1"),
            ("127.0.0.1", "", "127.0.0.1"),
        ] {
            assert_eq!(client(peer, value), who, "{peer}: {value}");
        }
        let standard = |value: &str| {
            trusted
                .client(ip("::1"), &forwarded(value).collect::<Vec<_>>())
                .to_string()
        };
        for (value, who) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("for=1.1.1.1, FOR=\"[2001:db8::1]:4711\";proto=https", "2001:db8::1"),
            ("for=\"1.1.1.1, for=192.0.2.60", "192.0.2.60"),
            ("for=_hidden", "::1"),
            ("proto=https", "::1"),
        ] {
            assert_eq!(standard(value), who, "{value}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in [
            "localhost",
            "10.0.0.0/33",
            "10.0.0",
            "0.0.0.0/0",
            "::/0",
            "127.0.0.1 ::1",
            "*",
        ] {
            let told = TrustedProxies::parse(&format!("127.0.0.1,{bad}")).expect_err(bad);
            assert!(told.contains(bad), "{told}");
        }
        assert!(TrustedProxies::parse("").expect("none").is_empty());
    }
}
