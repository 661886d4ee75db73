/// How it is found out whether a name and a password belong together.
public enum PasswordCheck: Sendable {
    case known(Bool)
    /// By something that takes long on purpose, to be called on any thread but the broker's.
    case costly(@Sendable () -> Bool)
}

extension [BrokerConfiguration.User] {
    /// The quick way comes first. A name that nobody has takes as long as one that somebody has: how long it took must
    /// not tell which it is.
    public func passwordCheck(_ name: String, _ password: [UInt8]) -> PasswordCheck {
        guard let user = first(where: { $0.name == name }) else {
            guard let other = first(where: \.isCostlyToCheck) else { return .known(false) }
            return .costly {
                _ = other.accepts(password)
                return false
            }
        }
        guard user.isCostlyToCheck else { return .known(user.accepts(password)) }
        if user.recalls(password) { return .known(true) }
        // Asked again when its turn comes: many clients with one password may have come at the same time.
        return .costly { user.recalls(password) || user.accepts(password) }
    }
}

/// A password to be checked by whoever runs the core, outside of it: that takes long on purpose, and nobody else is to
/// wait for it.
public struct LoginCheck: Sendable {
    /// Whose it is, for ``BrokerInput/loginChecked(_:isRight:)``.
    public let connection: ConnectionID
    /// The name that was given, which may be nobody's.
    public let name: String
    private let check: @Sendable () -> Bool

    init(connection: ConnectionID, name: String, check: @escaping @Sendable () -> Bool) {
        self.connection = connection
        self.name = name
        self.check = check
    }

    /// Whether the password is right. On any thread.
    public func run() -> Bool { check() }
}
