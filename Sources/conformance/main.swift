import Commands
import ConformanceReport
import ConformanceSuite
import Foundation

let only = Option("--only", "PREFIX", "only cases whose id begins with it: topic. or topic.hash-matches-zero-words")
let program = Program(
    "conformance",
    itself: Command(
        "conformance", takes: "[URL]", options: [only],
        does: "Runs the conformance cases against the broker at URL, and says at the end what each came to",
        notes: """
            URL is amqp://USER:PASSWORD@HOST:PORT/VHOST. Without one, the cases run against this repository's \
            broker, in this process. The broker may be in use: every name is made up, and deleted.

            Exit status: 0 every case did as recorded, 1 a case did not, 2 no case was run.
            """,
        count: 0...1))

// EX_USAGE: 1 and 2 have a meaning of their own.
let given = program.request(failure: 64).arguments
let url = given.words.first
if let url, !url.hasPrefix("amqp://") { program.fail(UsageError("'\(url)' is no amqp:// address"), status: 64) }

let results = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString).jsonl")
await SuiteProgram.run(against: url, only: given.text(only), results: results.path)
let report = try? Report(files: [results])
try? FileManager.default.removeItem(at: results)
guard let report, !report.rows.isEmpty else {
    FileHandle.standardError.write(Data("conformance: no case was run\n".utf8))
    exit(2)
}
print(report.text, terminator: "")
exit(report.status)
