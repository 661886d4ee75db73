import Platform

extension Option {
    /// What the producers and consumers of the first four steps take.
    public static let stamped = Option(
        "--stamped", "messages with number and time: '0 2014-04-22 00:10:16 - Hello sent', '... received'")
}

/// The second at which a producer began, in front of each of its messages: `0 2014-04-22 00:10:16 - Basic - Hello World`.
///
/// All messages of a run have the same. On paper, or in a file, they tell which run a line comes from.
struct Stamp: Sendable {
    /// `2014-04-22 00:10:16`
    let text: String

    /// - Parameter time: in seconds since 1970; what it is called is up to this machine's time zone
    init(_ time: time_t) {
        var (time, parts) = (time, tm())
        localtime_r(&time, &parts)
        let date = [parts.tm_mon + 1, parts.tm_mday].map(Self.twoDigits)
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(Self.twoDigits)
        text = "\(parts.tm_year + 1900)-\(date.joined(separator: "-")) \(clock.joined(separator: ":"))"
    }

    static var now: Stamp { Stamp(time(nil)) }

    func message(_ number: Int, _ text: String) -> String { "\(number) \(self.text) - \(text)" }

    /// What is printed for a stamped message: itself and what happened, without the ` [x]`, the quotes, and the key that a
    /// step with keys shows. Any other line stays as it is.
    static func line(for line: String) -> String {
        let stamped = /\ \[x\] (?:(Sent|Received) )?'(?:.*?':')?(\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d - .*)'/
        guard let match = line.wholeMatch(of: stamped) else { return line }
        return "\(match.2) \(match.1 == "Sent" ? "sent" : "received")"
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
