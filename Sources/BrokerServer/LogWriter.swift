import Platform
import BrokerCore
import Dispatch
import Synchronization

/// Writes log events to a file descriptor, one line each, without ever making the caller wait: a terminal that was
/// stopped with Ctrl-S must not stop the broker. When the reader is too far behind, lines are left out, and counted.
public final class LogWriter: Sendable {
    private struct State: Sendable {
        var pending: [LogEvent] = []
        var leftOut = 0
        var isScheduled = false
    }

    /// The most lines that wait to be written.
    private static let limit = 10_000

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "BrokerServer.LogWriter")
    private let fd: Int32

    public init(to fd: Int32 = STDERR_FILENO) { self.fd = fd }

    public func write(_ event: LogEvent) {
        let isFirst = state.withLock { state in
            if state.pending.count < Self.limit { state.pending.append(event) } else { state.leftOut += 1 }
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { queue.async { self.writePending() } }
    }

    /// Waits until everything is written, but no longer than this.
    public func flush(milliseconds: Int) {
        let written = DispatchSemaphore(value: 0)
        queue.async { written.signal() }
        _ = written.wait(timeout: .now() + .milliseconds(milliseconds))
    }

    private func writePending() {
        while true {
            let (events, leftOut) = state.withLock { state in
                defer { (state.pending, state.leftOut) = ([], 0) }
                if state.pending.isEmpty { state.isScheduled = false }
                return (state.pending, state.leftOut)
            }
            if events.isEmpty { return }
            var text = ""
            for event in events { text += Self.line(event) }
            if leftOut > 0, let last = events.last {
                text += Self.line(
                    LogEvent(.warning, at: last.time, "\(leftOut) lines left out: the log is read too slowly"))
            }
            // A reader that is gone is no reason to end.
            _ = writeAll(text, to: fd)
        }
    }

    /// `2026-11-21 12:08:50.123+00:00 [info] text`, the form of RabbitMQ's log; the time is UTC.
    static func line(_ event: LogEvent) -> String {
        "\(timestamp(event.time)) [\(event.level.rawValue)] \(LogEvent.escaped(event.text))\n"
    }

    /// Milliseconds since the Unix epoch as a date and time in UTC.
    static func timestamp(_ milliseconds: Int64) -> String {
        let (day, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        // The civil calendar in years that begin on 1 March, so that the leap day comes last; eras of 400 years.
        let shifted = day + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60)
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2)) "
            + "\(digits(hours, 2)):\(digits(minutes, 2)):\(digits(seconds, 2)).\(digits(rest % 1000, 3))+00:00"
    }
}
