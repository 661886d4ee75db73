/// SHA-256 (FIPS 180-4), and on it HMAC (RFC 2104) and PBKDF2 (RFC 8018).
///
/// Written out here because the package has no dependencies and Linux's Foundation has no hash functions. Only salted
/// password hashes are made with it.
struct SHA256 {
    static let digestCount = 32
    private static let blockCount = 64

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    private typealias Words = SIMD8<UInt32>

    private var hash = Words(
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
    /// The octets that don't fill a block yet.
    private var pending: [UInt8] = []
    private var count: UInt64 = 0

    init() {}

    static func digest(_ octets: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(octets)
        return hash.digest()
    }

    mutating func update(_ octets: some Sequence<UInt8>) {
        pending += octets
        while pending.count >= Self.blockCount {
            process(pending.prefix(Self.blockCount))
            pending.removeFirst(Self.blockCount)
            count += UInt64(Self.blockCount)
        }
    }

    /// The hash of everything so far.
    func digest() -> [UInt8] {
        var copy = self
        let bits = (count + UInt64(pending.count)) * 8
        copy.update([0x80])
        copy.update(repeatElement(0, count: (Self.blockCount + 56 - copy.pending.count) % Self.blockCount))
        copy.update((0..<8).reversed().map { UInt8(truncatingIfNeeded: bits >> UInt64($0 * 8)) })
        return (0..<8).flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: copy.hash[word] >> UInt32($0)) }
        }
    }

    private mutating func process(_ block: ArraySlice<UInt8>) {
        func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }
        let hash = self.hash
        // Temporary memory without bounds checks: a password hash is thousands of these blocks, and in a debug build
        // an array would make each ten times as slow. All indices are of the constant loops here.
        self.hash = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
            var index = 0
            var octet = block.startIndex
            while index < 16 {
                words[index] =
                    UInt32(block[octet]) << 24 | UInt32(block[octet + 1]) << 16 | UInt32(block[octet + 2]) << 8
                    | UInt32(block[octet + 3])
                index += 1
                octet += 4
            }
            while index < 64 {
                let (early, late) = (words[index - 15], words[index - 2])
                let first = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
                let second = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
                words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
                index += 1
            }
            return Self.constants.withUnsafeBufferPointer { constants in
                var (a, b, c, d, e, f, g, h) = (
                    hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]
                )
                var round = 0
                while round < 64 {
                    let sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
                    let choice = e & f ^ ~e & g
                    let first = h &+ sum1 &+ choice &+ constants[round] &+ words[round]
                    let sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
                    let majority = a & b ^ a & c ^ b & c
                    let second = sum0 &+ majority
                    (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
                    round += 1
                }
                return hash &+ Words(a, b, c, d, e, f, g, h)
            }
        }
    }

    // MARK: HMAC and PBKDF2

    /// A keyed hash whose key is processed once, however many messages follow.
    struct HMAC {
        private var inner = SHA256()
        private var outer = SHA256()

        init(key: [UInt8]) {
            var key = key.count > blockCount ? SHA256.digest(key) : key
            key += [UInt8](repeating: 0, count: blockCount - key.count)
            inner.update(key.map { $0 ^ 0x36 })
            outer.update(key.map { $0 ^ 0x5c })
        }

        func code(of message: [UInt8]) -> [UInt8] {
            var (inner, outer) = (inner, outer)
            inner.update(message)
            outer.update(inner.digest())
            return outer.digest()
        }
    }

    /// The first 32 octets that PBKDF2 with HMAC-SHA-256 derives from a password.
    static func derive(password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
        let hmac = HMAC(key: password)
        var block = hmac.code(of: salt + [0, 0, 0, 1])
        var result = block
        for _ in 1..<max(1, iterations) {
            block = hmac.code(of: block)
            for index in result.indices { result[index] ^= block[index] }
        }
        return result
    }
}
