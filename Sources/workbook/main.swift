import Foundation

// The learner's companion. One subcommand, one file.
let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "check" where words.dropFirst().first?.contains(".") == true:
    exit(await ExerciseCommand.run(Array(words.dropFirst())))
case "start": exit(StartCommand.run(Array(words.dropFirst())))
case "check": exit(await CheckCommand.run(Array(words.dropFirst())))
case "compare": exit(await CompareCommand.run(Array(words.dropFirst())))
case "predict": exit(await PredictCommand.run(Array(words.dropFirst())))
case "trace": exit(await TraceCommand.run(Array(words.dropFirst())))
case "hint": exit(HintCommand.run(Array(words.dropFirst())))
case "play": exit(await PlayCommand.run(Array(words.dropFirst())))
case "draw": exit(await DrawCommand.run(Array(words.dropFirst())))
case "site": exit(SiteCommand.run(Array(words.dropFirst())))
case "chapters": exit(ChaptersCommand.run(Array(words.dropFirst())))
case "report": exit(ReportCommand.run(Array(words.dropFirst())))
case "baseline": exit(BaselineCommand.run(Array(words.dropFirst())))
case "--help", "-h":
    say(usage)
case nil:
    for line in Overview.lines(done: Progress.done()) { say(line) }
case let word?:
    fail("there is no subcommand '\(word)'\n\(usage)")
}

/// Says why on standard error, and ends with status 64 (`EX_USAGE`): 1 and 2 have a meaning of their own for `report`.
func fail(_ reason: String) -> Never {
    FileHandle.standardError.write(Data("workbook: \(reason)\n".utf8))
    exit(64)
}
