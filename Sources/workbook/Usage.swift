/// What `workbook --help` says.
let usage = """
    usage: workbook
               what there is, how far you are, what comes next
           \(PlayCommand.usage)
           \(DrawCommand.usage)
           \(CheckCommand.usage)
           \(CompareCommand.usage.replacing("\nworkbook", with: "\n       workbook"))
           \(PredictCommand.usage)
           \(TraceCommand.usage)
           \(StartCommand.usage)
           \(ExerciseCommand.usage)
           \(HintCommand.usage)
           \(SiteCommand.usage)
           \(ChaptersCommand.usage)
           workbook report [--output DIRECTORY] RESULTS...
               merges results files of the conformance suite into report.md, .html, .json and .xml
           workbook baseline RESULTS...
               prints, for every result that is not as on record, a line for the broker's file in Baselines
    """
