import Foundation

// The learner's companion. One subcommand, one file.
let usage = """
    usage: workbook report [--output DIRECTORY] RESULTS...
               merges results files of the conformance suite into report.md, .html, .json and .xml
           workbook baseline RESULTS...
               prints, for every result that is not as on record, a line for the broker's file in Baselines
    """

let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "draw":
    exit(await DrawCommand.run(Array(words.dropFirst())))
case "report": exit(ReportCommand.run(Array(words.dropFirst())))
case "baseline": exit(BaselineCommand.run(Array(words.dropFirst())))
case "--help", "-h":
    print(usage)
case nil:
    fail("which subcommand?\n\(usage)")
case let word?:
    fail("there is no subcommand '\(word)'\n\(usage)")
}

/// Says why on standard error, and ends with status 64 (`EX_USAGE`): 1 and 2 have a meaning of their own for `report`.
func fail(_ reason: String) -> Never {
    FileHandle.standardError.write(Data("workbook: \(reason)\n".utf8))
    exit(64)
}
