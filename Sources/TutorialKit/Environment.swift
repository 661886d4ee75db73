import Commands
import Platform

/// What the environment sets.
public enum Environment {
    /// A folder; the current one when it isn't set.
    public static func folder(_ name: String) -> String {
        guard let folder = environmentValue(name), !folder.isEmpty else { return "." }
        return folder
    }

    /// A number of seconds, fractions allowed; `standard` when it isn't set.
    public static func seconds(_ name: String, or standard: Duration) throws -> Duration {
        guard let text = environmentValue(name) else { return standard }
        guard let duration = Duration(secondsIn: text) else {
            throw StepError("\(name) is '\(text)'. Set it to a number of seconds, such as 0.1, or leave it out.")
        }
        return duration
    }
}
