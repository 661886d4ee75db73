import BrokerCore
import Synchronization

/// A password as it stands in a users file: PBKDF2 with HMAC-SHA-256 and a random salt, so that the file does not give
/// the password away, and equal passwords don't look equal.
public struct PasswordHash: Sendable, Equatable {
    private let iterations: Int
    private let salt: [UInt8]
    private let hash: [UInt8]

    private static let scheme = "pbkdf2-sha256"
    /// More than this would make every failed login a burden to the broker itself.
    private static let mostIterations = 1_000_000

    /// Hashes a password with a new salt.
    public init(of password: [UInt8], iterations: Int = 10_000) {
        var generator = SystemRandomNumberGenerator()
        self.init(
            of: password, salt: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) },
            iterations: iterations)
    }

    init(of password: [UInt8], salt: [UInt8], iterations: Int) {
        self.iterations = iterations
        self.salt = salt
        hash = SHA256.derive(password: password, salt: salt, iterations: iterations)
    }

    /// Reads ``text``; nil when it is something else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == Self.scheme, let iterations = Int(parts[1]),
            (1...Self.mostIterations).contains(iterations), let salt = Self.octets(parts[2]), salt.count >= 8,
            let hash = Self.octets(parts[3]), hash.count == SHA256.digestCount
        else { return nil }
        self.iterations = iterations
        self.salt = salt
        self.hash = hash
    }

    /// `pbkdf2-sha256$10000$SALT$HASH`, the last two in hexadecimal.
    public var text: String {
        "\(Self.scheme)$\(iterations)$\(Self.hexadecimal(salt))$\(Self.hexadecimal(hash))"
    }

    /// Whether it is this password's. Takes the same time wherever the first difference is.
    public func matches(_ password: [UInt8]) -> Bool {
        Self.isEqual(hash, SHA256.derive(password: password, salt: salt, iterations: iterations))
    }

    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var difference = left.count ^ right.count
        for (left, right) in zip(left, right) { difference |= Int(left ^ right) }
        return difference == 0
    }

    private static func octets(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var octets: [UInt8] = []
        for at in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(UnicodeScalar(digits[at])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[at + 1])).hexDigitValue
            else { return nil }
            octets.append(UInt8(high * 16 + low))
        }
        return octets
    }

    private static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension BrokerConfiguration.User {
    /// A user whose password is known by its hash only.
    ///
    /// The password that was last accepted is remembered by a quick hash, with a key that never leaves the process: a
    /// client that connects often, or asks the listing API again and again, costs the slow one only once.
    public static func user(_ name: String, hash: PasswordHash, loopbackOnly: Bool = false) -> Self {
        var generator = SystemRandomNumberGenerator()
        let quick = SHA256.HMAC(key: (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let accepted = Accepted()
        var user = Self(name: name, loopbackOnly: loopbackOnly, isCostlyToCheck: true) { password in
            guard hash.matches(password) else { return false }
            accepted.code.withLock { $0 = quick.code(of: password) }
            return true
        }
        // Hashes under a secret key: how far two of them agree tells nothing, so comparing them plainly does no harm.
        user.recalls = { password in
            let code = accepted.code.withLock { $0 }
            return code != nil && code == quick.code(of: password)
        }
        return user
    }

    private final class Accepted: Sendable {
        let code = Mutex<[UInt8]?>(nil)
    }
}
