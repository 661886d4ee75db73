import AMQPWire

/// A password as RabbitMQ keeps it: the Base64 of four octets of salt and the hash of salt and password.
///
/// One round of a fast hash is all that there is, so whoever has the file can try passwords quickly. `broker hash-password`
/// makes better ones.
struct RabbitMQPassword: Sendable {
    enum Scheme: String, CaseIterable {
        case sha256 = "rabbit_password_hashing_sha256"
        case sha512 = "rabbit_password_hashing_sha512"
        case md5 = "rabbit_password_hashing_md5"

        fileprivate func digest(_ octets: [UInt8]) -> [UInt8] {
            switch self {
            case .sha256: SHA256.digest(octets)
            case .sha512: SHA512.digest(octets)
            case .md5: MD5.digest(octets)
            }
        }
    }

    private let scheme: Scheme
    private let salt: [UInt8]
    private let hash: [UInt8]

    private static let saltCount = 4

    /// nil when the text is none of that scheme.
    init?(_ text: String, _ scheme: Scheme) {
        guard let octets = Base64.decode(text), octets.count == Self.saltCount + scheme.digest([]).count else {
            return nil
        }
        self.scheme = scheme
        salt = Array(octets.prefix(Self.saltCount))
        hash = Array(octets.dropFirst(Self.saltCount))
    }

    /// Whether it is this password's. Takes the same time wherever the first difference is.
    func matches(_ password: [UInt8]) -> Bool {
        let other = scheme.digest(salt + password)
        var difference = hash.count ^ other.count
        for (left, right) in zip(hash, other) { difference |= Int(left ^ right) }
        return difference == 0
    }

    /// A password with a new salt, and the name of the scheme.
    static func exported(_ password: [UInt8]) -> (hash: String, algorithm: String) {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<saltCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return (Base64.encode(salt + SHA256.digest(salt + password)), Scheme.sha256.rawValue)
    }
}
