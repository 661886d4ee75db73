import Foundation

extension Report {
    private struct Document: Encodable {
        var brokers: [String]
        var totals: [String: [String: Int]]
        var results: [CaseResult]
    }

    /// The part of it that it can be read back from.
    struct Results: Decodable {
        var results: [CaseResult]
    }

    /// Everything, for programs: the brokers, the totals, and the results as they were in the files.
    public var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let totals = brokers.map { broker in
                (
                    broker,
                    Dictionary(uniqueKeysWithValues: Verdict.allCases.map { ($0.rawValue, count($0, of: broker)) })
                )
            }
            return try encoder.encode(
                Document(
                    brokers: brokers, totals: Dictionary(uniqueKeysWithValues: totals),
                    results: rows.flatMap { row in brokers.compactMap { row.results[$0] } }))
        }
    }

    /// For build servers: a test suite a broker. What is otherwise than on record is a failure, nothing else is; a
    /// recorded deviation stands in the output of its case.
    public var junit: String {
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites>"]
        for broker in brokers {
            let results = results(of: broker)
            let failures = results.count { !$0.isAsRecorded }
            let skipped = count(.skipped, of: broker)
            let seconds = results.map(\.milliseconds).reduce(0, +) / 1000
            lines.append(
                #"<testsuite name="\#(xml(broker))" tests="\#(results.count)" failures="\#(failures)" "#
                    + #"skipped="\#(skipped)" time="\#(decimal(seconds))">"#)
            lines += results.map(testcase)
            lines.append("</testsuite>")
        }
        return (lines + ["</testsuites>"]).joined(separator: "\n") + "\n"
    }

    /// A badge as shields.io takes it from an address, of the first broker.
    public var badge: String {
        guard let broker = brokers.first else { return "" }
        let tried = results(of: broker).filter { $0.verdict != .skipped }
        let good = tried.count { $0.verdict.severity < Verdict.nonStrict.severity }
        let colour = good == tried.count ? "brightgreen" : good * 10 >= tried.count * 9 ? "yellow" : "red"
        return #"{"schemaVersion":1,"label":"AMQP 0-9-1","message":"\#(good) of \#(tried.count)","color":"\#(colour)"}"#
            + "\n"
    }

    private func testcase(_ result: CaseResult) -> String {
        let head =
            #"<testcase classname="\#(xml(result.area))" name="\#(xml(result.id))" "#
            + #"time="\#(decimal(result.milliseconds / 1000))">"#
        let body =
            switch result {
            case _ where !result.isAsRecorded:
                #"<failure message="\#(xml(result.verdict.rawValue)), baseline: \#(xml(result.recordedText))">"#
                    + xml(([result.reason, result.rerun] + result.wire).joined(separator: "\n")) + "</failure>"
            case _ where result.verdict == .skipped: #"<skipped message="\#(xml(result.reason))"/>"#
            case _ where result.verdict == .conforms: ""
            default:
                "<system-out>\(xml("\(result.verdict.rawValue): \(result.recordedReason) \(result.reason)"))</system-out>"
            }
        return head + body + "</testcase>"
    }

    private func decimal(_ number: Double) -> String { String(format: "%.3f", number) }
}

/// Text inside XML or HTML, in elements and in quoted attributes. Control characters are not allowed there at all.
func xml(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        case "\n", "\t": escaped.unicodeScalars.append(scalar)
        case _ where scalar.value < 32 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += "\u{FFFD}"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
