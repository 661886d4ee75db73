import ConformanceReport
import ConformanceSuite
import Foundation

let usage = """
    Usage: conformance [amqp://USER:PASSWORD@HOST:PORT/VHOST] [--only PREFIX]

    Runs the conformance cases against a broker, and says at the end what each came to. Without an address, they run
    against this repository's broker, in this process. The broker may be in use: every name is made up, and deleted.

      --only PREFIX   only cases whose id begins with it: topic. or topic.hash-matches-zero-words

    Exit status: 0 every case did as recorded, 1 a case did not, 2 no case was run.

    """

/// Ends the program with one line about the command line.
func refuse(_ reason: String) -> Never {
    FileHandle.standardError.write(Data("conformance: \(reason); see conformance --help\n".utf8))
    exit(64)
}

var url: String?
var only: String?
var rest = CommandLine.arguments.dropFirst()
while let word = rest.popFirst() {
    switch word {
    case "-h", "--help":
        print(usage, terminator: "")
        exit(0)
    case "--only":
        guard let prefix = rest.popFirst() else { refuse("--only needs the beginning of an id") }
        only = prefix
    case _ where url == nil && word.hasPrefix("amqp://"): url = word
    default: refuse("cannot make sense of '\(word)'")
    }
}

let results = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString).jsonl")
await SuiteProgram.run(against: url, only: only, results: results.path)
let report = try? Report(files: [results])
try? FileManager.default.removeItem(at: results)
guard let report, !report.rows.isEmpty else {
    FileHandle.standardError.write(Data("conformance: no case was run\n".utf8))
    exit(2)
}
print(report.text, terminator: "")
exit(report.status)
