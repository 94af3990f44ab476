//! Which addresses are public. The tables are IANA's special-purpose registries for IPv4 and IPv6; what they set aside
//! is refused even where it might be routed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is, when it is not a public one: `a private address`.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => not_public_v6(v6),
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "an unspecified address",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private address",
        [100, 64..=127, ..] => "a private address (carrier-grade NAT)",
        [127, ..] => "a loopback address",
        // The second is where Azure keeps it.
        [169, 254, 169, 254] | [168, 63, 129, 16] => "the address of a metadata service",
        [169, 254, ..] => "a link-local address",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "an address for documentation",
        [198, 18..=19, ..] => "an address for benchmarks",
        [192, 0, 0, _] | [192, 88, 99, _] => "a reserved address",
        [224..=239, ..] => "a multicast address",
        [255, 255, 255, 255] => "the broadcast address",
        [240..=255, ..] => "a reserved address",
        _ => return None,
    })
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        not_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "an unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address",
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => "the address of a metadata service",
        // An IPv4 address in other clothes is judged as itself: compatible, mapped, translated, NAT64, 6to4, Teredo.
        [0, 0, 0, 0, 0, 0, a, b]
        | [0, 0, 0, 0, 0, 0xffff, a, b]
        | [0, 0, 0, 0, 0xffff, 0, a, b]
        | [0x64, 0xff9b, 0, 0, 0, 0, a, b]
        | [0x2002, a, b, ..] => return inside(a, b),
        [0x2001, 0, server_a, server_b, _, _, a, b] => return inside(server_a, server_b).or(inside(!a, !b)),
        [0x2001, 0..=0x01ff, ..] => "a reserved address",
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => "an address for documentation",
        [0x2000..=0x3fff, ..] => return None,
        [0xfc00..=0xfdff, ..] => "a private address (unique local)",
        [0xfe80..=0xfebf, ..] => "a link-local address",
        [0xff00..=0xffff, ..] => "a multicast address",
        // Only 2000::/3 was ever given out.
        _ => "a reserved address",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_let_through() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "3fff:1000::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:0:808:808:0:0:f7f7:f7f7",
        ] {
            assert_eq!(not_public(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn all_others_are_told_what_they_are() {
        for (what, addresses) in [
            ("unspecified", "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0"),
            (
                "private",
                "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.1 100.64.0.0 100.127.255.255 fc00:: \
                 fdff::1 ::ffff:10.0.0.7 ::10.0.0.7 ::ffff:0:10.0.0.7 64:ff9b::a00:7 2002:a00:7:: \
                 2001:0:808:808:0:0:f5ff:fff8 2001:0:a00:7:0:0:f7f7:f7f7 100.100.100.200",
            ),
            (
                "loopback",
                "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 ::127.0.0.1 2002:7f00:1::1",
            ),
            ("link-local", "169.254.0.1 169.254.255.255 fe80::1 febf::1"),
            (
                "metadata",
                "169.254.169.254 168.63.129.16 fd00:ec2::254 ::ffff:169.254.169.254 64:ff9b::169.254.169.254",
            ),
            (
                "documentation",
                "192.0.2.1 198.51.100.1 203.0.113.255 2001:db8::1 3fff:fff::1",
            ),
            ("benchmarks", "198.18.0.0 198.19.255.255"),
            ("multicast", "224.0.0.1 239.255.255.255 ff02::1"),
            ("broadcast", "255.255.255.255"),
            (
                "reserved",
                "192.0.0.8 192.88.99.1 240.0.0.1 255.255.255.254 100::1 64:ff9b:1::1 2001:2::1 2001:1ff::1 4000::1 \
                 5f00::1 fec0::1 1fff::1 0:0:0:1::1",
            ),
        ] {
            for address in addresses.split_whitespace() {
                let judged = not_public(address.parse().unwrap()).unwrap_or("a public address");
                assert!(judged.contains(what), "{address} is {judged}, not {what}");
            }
        }
    }
}
