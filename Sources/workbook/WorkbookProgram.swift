import Commands
import Foundation

/// The command line of `workbook`.
enum WorkbookProgram {
    /// The exit status of words that make no sense (`EX_USAGE`): 1 and 2 have a meaning of their own for `report`.
    static let wrongUsage: Int32 = 64

    static let program = Program(
        "workbook", itself: Command("workbook", does: "shows what there is, how far you are, and what comes next"),
        commands: [
            PlayCommand.command, DrawCommand.command, CheckCommand.command, GauntletCommand.command,
            CompareCommand.command, PredictCommand.command, TraceCommand.command, NextCommand.command,
            StartCommand.command, WatchCommand.command, HintCommand.command, SiteCommand.command,
            ChaptersCommand.command, ReportCommand.command, BaselineCommand.command,
        ],
        notes: "STEP is a chapter's number, or its name, such as hello.")
}

/// Says in a line what is wrong with a command's words, and ends the process.
func wrong(_ reason: String, _ command: Command) -> Never {
    WorkbookProgram.program.fail(UsageError(reason), of: command.name, status: WorkbookProgram.wrongUsage)
}

/// Says why on standard error, and ends with the same status.
func fail(_ reason: String) -> Never {
    complain(reason)
    exit(WorkbookProgram.wrongUsage)
}

extension Chapter {
    /// The chapter that a word on the command line names.
    static func named(_ word: String, _ command: Command) -> Chapter {
        guard let chapter = find(word) else { wrong("there is no step '\(word)'", command) }
        return chapter
    }
}
