import Commands
import Foundation

// The learner's companion. One command, one file.
let (name, given) = WorkbookProgram.program.request(failure: WorkbookProgram.wrongUsage)
switch name {
case PlayCommand.command.name: exit(await PlayCommand.run(given))
case DrawCommand.command.name: exit(await DrawCommand.run(given))
case CheckCommand.command.name:
    exit(given.words[0].contains(".") ? await ExerciseCommand.run(given) : await CheckCommand.run(given))
case GauntletCommand.command.name: exit(await GauntletCommand.run(given))
case CompareCommand.command.name: exit(await CompareCommand.run(given))
case PredictCommand.command.name: exit(await PredictCommand.run(given))
case TraceCommand.command.name: exit(await TraceCommand.run(given))
case NextCommand.command.name: exit(NextCommand.run())
case WatchCommand.command.name: exit(await WatchCommand.run(given))
case StartCommand.command.name: exit(StartCommand.run(given))
case HintCommand.command.name: exit(HintCommand.run(given))
case SiteCommand.command.name: exit(SiteCommand.run(given))
case ChaptersCommand.command.name: exit(ChaptersCommand.run())
case ReportCommand.command.name: exit(ReportCommand.run(given))
case BaselineCommand.command.name: exit(BaselineCommand.run(given))
default: for line in Overview.lines(done: Progress.done()) { say(line) }
}
