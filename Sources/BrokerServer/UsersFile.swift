import BrokerCore

/// The users of a file with a line `NAME:HASH` for each; see ``PasswordHash/text`` for the hash. Empty lines and lines
/// that begin with `#` are skipped.
///
/// A user may do everything everywhere, unless there are lines below that begin with a space or a tab:
/// `VHOST CONFIGURE WRITE READ`, a virtual host that the user may open and what is allowed there, as three regular
/// expressions; see ``Permissions``. Nothing of an expression is `^$`, and a space within one is `\\x20`; the name may
/// have spaces.
public struct UsersFile: Sendable {
    public let users: [BrokerConfiguration.User]

    /// What is wrong with a users file, and where.
    public struct Malformed: Error, CustomStringConvertible {
        public let line: Int
        public let reason: String
        /// Never quotes the line: somebody may have written a password there.
        public var description: String { "line \(line) \(reason)" }
    }

    public init(_ text: String) throws(Malformed) {
        var users: [BrokerConfiguration.User] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            if line.first == " " || line.first == "\t" {
                if line.allSatisfy({ $0 == " " || $0 == "\t" }) { continue }
                let (virtualHost, permissions) = try Self.permissions(line, index + 1)
                guard !users.isEmpty else {
                    throw Malformed(line: index + 1, reason: "has permissions, and no user above")
                }
                guard users[users.count - 1].permissions?[virtualHost] == nil else {
                    throw Malformed(line: index + 1, reason: "has the virtual host of an earlier one")
                }
                users[users.count - 1].permissions = (users[users.count - 1].permissions ?? [:])
                    .merging([virtualHost: permissions]) { $1 }
                continue
            }
            // The hash has no colon; a name may have.
            guard let colon = line.lastIndex(of: ":"), colon > line.startIndex else {
                throw Malformed(line: index + 1, reason: "is not NAME:HASH")
            }
            guard let hash = PasswordHash(line[line.index(after: colon)...]) else {
                throw Malformed(
                    line: index + 1,
                    reason: "has no password hash after its name: 'broker hash-password NAME' makes one")
            }
            let name = String(line[..<colon])
            guard !users.contains(where: { $0.name == name }) else {
                throw Malformed(line: index + 1, reason: "has the name of an earlier one")
            }
            users.append(.user(name, hash: hash, loopbackOnly: name == "guest"))
        }
        self.users = users
    }

    /// `VHOST CONFIGURE WRITE READ`.
    private static func permissions(
        _ line: Substring, _ number: Int
    ) throws(Malformed) -> (virtualHost: String, Permissions) {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.count >= 4, let first = words.first else {
            throw Malformed(line: number, reason: "is not VHOST CONFIGURE WRITE READ, below a user's")
        }
        let patterns = words.suffix(3).map(String.init)
        let virtualHost = String(line[first.startIndex..<words[words.count - 4].endIndex])
        do throws(Permissions.Malformed) {
            return (virtualHost, try Permissions(configure: patterns[0], write: patterns[1], read: patterns[2]))
        } catch {
            let pattern = LogEvent.quoted(error.pattern)
            throw Malformed(line: number, reason: "has the expression \(pattern), which can't be used: \(error.reason)")
        }
    }
}
