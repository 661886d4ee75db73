extension BrokerCore {
    /// 128 random bits in 22 letters, digits, hyphens and underscores.
    static func name(from random: inout any RandomNumberGenerator & Sendable) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var name: [UInt8] = []
        for count in [11, 11] {
            var bits = random.next()
            for _ in 0..<count {
                name.append(alphabet[Int(bits & 63)])
                bits >>= 6
            }
        }
        return String(decoding: name, as: UTF8.self)
    }
}
