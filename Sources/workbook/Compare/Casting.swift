/// Who plays which role: what stands on the command line of `workbook compare`.
struct Casting: Equatable, Sendable {
    struct Mistake: Error, Equatable, CustomStringConvertible { let description: String }

    /// The command of a role that is played by somebody else; what the role is given is appended.
    private(set) var commands: [String: [String]] = [:]

    /// - Parameters:
    ///   - named: the values of `--role`: `ROLE`, for the command behind `--`, or `ROLE=COMMAND`
    ///   - command: what stands behind `--`
    ///   - roles: of the step
    init(named: [String], command: [String], roles: [String]) throws(Mistake) {
        var isTaken = false
        for name in named {
            let parts = name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard roles.contains(parts[0]) else {
                throw Mistake(description: "no role '\(parts[0])' in this step: \(roles.joined(separator: ", "))")
            }
            if parts.count == 2 {
                guard !parts[1].isEmpty else {
                    throw Mistake(description: "which command plays the role '\(parts[0])'?")
                }
                // The shell knows quotes; the role's words come in as they are.
                commands[parts[0]] = ["/bin/sh", "-c", "exec \(parts[1]) \"$@\"", "sh"]
            } else if command.isEmpty {
                throw Mistake(
                    description: "the role '\(name)' needs a command: --role \(name)=COMMAND, or -- COMMAND at the end")
            } else {
                commands[name] = command
                isTaken = true
            }
        }
        if !command.isEmpty, !isTaken {
            // A program as the workbook's own: its first word says the role.
            for role in roles where commands[role] == nil { commands[role] = command + [role] }
        }
        guard !commands.isEmpty else { throw Mistake(description: "which program should be compared?") }
    }

    /// All roles by the workbook's own program.
    init(program: String, roles: [String]) {
        commands = Dictionary(uniqueKeysWithValues: roles.map { ($0, [program, $0]) })
    }

    /// These, and the others for what is not in it.
    func filled(by other: Casting) -> Casting {
        var result = self
        result.commands.merge(other.commands) { mine, _ in mine }
        return result
    }
}
