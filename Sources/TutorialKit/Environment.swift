#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the environment sets.
public enum Environment {
    /// nil when it isn't set, or empty.
    static func text(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// A number of seconds, fractions allowed; `standard` when it isn't set.
    public static func seconds(_ name: String, or standard: Duration) throws -> Duration {
        guard let text = text(name) else { return standard }
        guard let duration = Duration(secondsIn: text) else {
            throw StepError("\(name) is '\(text)'. Set it to a number of seconds, such as 0.1, or leave it out.")
        }
        return duration
    }
}
