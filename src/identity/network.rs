//! From where somebody calls, as far as one person can choose it: an IPv4 address, or the 64 bits of an IPv6 network.

use std::net::{IpAddr, Ipv6Addr};

/// What counts as one place; addresses that cannot be read are one place together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(Option<IpAddr>);

impl Network {
    /// The place of an address.
    pub fn of(address: &str) -> Self {
        address.parse().map_or(Self(None), Self::of_ip)
    }

    /// The same of an address that is known.
    pub fn of_ip(ip: IpAddr) -> Self {
        Self(Some(match ip.to_canonical() {
            IpAddr::V4(ip) => IpAddr::V4(ip),
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_ipv4_address_or_an_ipv6_network() {
        assert_eq!(Network::of("::ffff:192.0.2.1"), Network::of("192.0.2.1"));
        assert_ne!(Network::of("192.0.2.1"), Network::of("192.0.2.2"));
        assert_eq!(Network::of("2001:db8:0:1::1"), Network::of("2001:db8:0:1:ffff::2"));
        assert_ne!(Network::of("2001:db8:0:1::1"), Network::of("2001:db8:0:2::1"));
        assert_eq!(Network::of(""), Network::of("no address"));
    }
}
