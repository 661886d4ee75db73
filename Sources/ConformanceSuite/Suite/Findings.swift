import ConformanceReport
import Foundation
import Testing
import AMQPWire

/// Writes down a finding with its grade. `#expect` and `#require` do for what is plainly right or wrong.
func note(
    _ verdict: Verdict, expected: String? = nil, _ seen: String, at place: SourceLocation = #_sourceLocation
) {
    guard let run = CaseRun.current else {
        let text = SuiteError(expected: expected, seen).description
        return _ = Issue.record("\(text)", sourceLocation: place)
    }
    run.note(verdict, expected: expected, seen, at: place)
}

/// For anything that is not an ``Outcome``: what was seen, against what the specification says and what RabbitMQ does, in
/// these releases.
func expect<Value: Equatable>(
    _ seen: Value, spec: Value, rabbitmq: Value, from: Release? = nil, before: Release? = nil, _ what: String,
    at place: SourceLocation = #_sourceLocation
) {
    let holds = Releases(from: from, before: before).contains(CaseRun.current?.peer.release)
    if seen == spec {
        guard holds, rabbitmq != spec else { return }
        return CaseRun.current?.noteDeparture(fromRabbitMQ: "\(what) \(rabbitmq)", "\(seen)", at: place) ?? ()
    }
    if seen == rabbitmq, holds {
        return note(.conformsAsRabbitMQ, "\(what): \(seen), where the specification says \(spec)", at: place)
    }
    note(.failed, expected: "\(what) \(spec)" + (holds ? " (RabbitMQ: \(rabbitmq))" : ""), "\(seen)", at: place)
}

/// True on RabbitMQ from that release on: for what a case has to know of before it can ask.
func isRabbitMQ(from release: Release) -> Bool { CaseRun.current?.peer.release.map { $0 >= release } ?? false }

/// True on RabbitMQ before that release: for a habit that it gave up.
func isRabbitMQ(before release: Release) -> Bool { CaseRun.current?.peer.release.map { $0 < release } ?? false }

/// Writes down which of several allowed ways the broker has chosen.
func inform(_ text: String, at place: SourceLocation = #_sourceLocation) { note(.informational, text, at: place) }

/// A name that no other case and no other run uses.
func unique(_ word: String) -> ShortString {
    ShortString(truncating: "\(word)-\(UUID().uuidString.prefix(13).lowercased())")
}
