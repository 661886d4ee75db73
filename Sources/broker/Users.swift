import Platform
import BrokerCore
import BrokerServer
import Commands

/// Where the users come from. A password is never on the command line, where everybody on the machine could read it.
enum Users {
    /// The variable that holds the password of a single `--user`.
    static let variable = "BROKER_PASSWORD"

    /// `guest` unless it is left out, those of the file, those named.
    ///
    /// Those of definitions come first: who is named on the command line too has the password from there. As in RabbitMQ, there
    /// is no guest then unless the definitions have one.
    static func collect(_ options: Options, defined: [BrokerConfiguration.User] = []) -> [BrokerConfiguration.User] {
        var users = defined.isEmpty ? options.configuration.users : defined
        func add(_ user: BrokerConfiguration.User) {
            // A guest with another password is still guest.
            users.removeAll { $0.name == user.name }
            users.append(user)
        }
        if let path = options.usersFile {
            guard let octets = Console.readFile(path) else {
                Console.fail("cannot read the users file \(LogEvent.quoted(path)): \(Console.systemError)")
            }
            do throws(UsersFile.Malformed) {
                for user in try UsersFile(String(decoding: octets, as: UTF8.self)).users { add(user) }
            } catch {
                Console.fail("the users file \(LogEvent.quoted(path)) can't be used: \(error)")
            }
        }
        for name in options.users {
            add(
                .user(
                    name, hash: PasswordHash(of: password(of: name, alone: options.users.count == 1)),
                    loopbackOnly: name == "guest"))
        }
        unsetenv(variable)
        if users.isEmpty {
            Console.fail("nobody could log in: --no-guest needs --user NAME or --users FILE, with a user in it")
        }
        return users
    }

    private static func password(of name: String, alone: Bool) -> [UInt8] {
        if alone, let password = environmentValue(variable) { return Array(password.utf8) }
        guard let password = Console.readPassword(of: LogEvent.quoted(name)), !password.isEmpty else {
            Console.fail(
                "no password for user \(LogEvent.quoted(name)): put it in \(variable), or on a line of standard input")
        }
        return password
    }

    /// `broker hash-password NAME`: a line for a users file, from a password on standard input.
    static func printHash(_ name: String) throws(UsageError) {
        guard !name.isEmpty, !name.contains(where: \.isNewline), !name.hasPrefix("#"), !name.hasPrefix("-") else {
            throw UsageError("NAME must be one line that begins with neither # nor -")
        }
        Console.print("\(name):\(PasswordHash(of: password(of: name, alone: true)).text)")
    }
}
