/// A hash of names and keys: FNV-1a, mixed, because near keys must not have near hashes. The same in every run of a broker.
struct NameHash {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func combine(_ octets: [UInt8]) {
        for octet in octets { state = (state ^ UInt64(octet)) &* 0x100_0000_01b3 }
    }

    var value: UInt64 { Self.mixed(state) }

    static func of(_ octets: [UInt8]) -> UInt64 {
        var hash = NameHash()
        hash.combine(octets)
        return hash.value
    }

    /// The last steps of SplitMix64: every bit of the result depends on every bit of the value.
    static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
