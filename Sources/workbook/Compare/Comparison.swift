/// What a program printed in its terminal.
struct TerminalOutput: Equatable, Sendable {
    /// The role and the words behind it.
    var words: [String]
    /// Whether it waits, and is ended by Ctrl-C.
    var waits: Bool
    var lines: [String] = []
    /// What it said on standard error: shown where lines differ, not compared. Warnings of an interpreter are no output.
    var errors: [String] = []
    /// How it ended; not compared of those who wait, as languages differ in what Ctrl-C does.
    var status: Int32?
}

/// Finds where two performances of a scene differ.
///
/// Terminals are compared one by one, as nothing orders the lines of different programs. Those that wait with the same
/// words may change places: a broker begins with whom it likes.
struct Comparison {
    /// A line, and who printed it.
    struct Line: Equatable {
        enum Side: String { case both, ours, theirs }
        var side: Side
        var text: String
    }

    struct Terminal: Equatable {
        var title: String
        var lines: [Line]
        /// What they said on standard error, and how they ended; empty when nothing differs.
        var remarks: [String] = []

        var isSame: Bool { remarks.isEmpty && lines.allSatisfy { $0.side == .both } }
    }

    let terminals: [Terminal]
    /// All that differs is how the text is set in quotes.
    let differsInQuotesOnly: Bool

    var isSame: Bool { terminals.allSatisfy(\.isSame) }

    /// - Parameter anyQuotes: `'a'`, `"a"`, `b'a'` and `a` are the same
    init(ours: [TerminalOutput], theirs: [TerminalOutput], anyQuotes: Bool) {
        func compared(_ spelling: (String) -> String) -> [Terminal] {
            let places = Self.places(of: theirs, beside: ours, spelling)
            let titles = Columns.titles(
                ours.map { $0.words.map { $0.contains(" ") ? "\"\($0)\"" : $0 }.joined(separator: " ") })
            return zip(ours.indices, places).map { Self.terminal(titles[$0], ours[$0], theirs[$1], spelling) }
        }
        let exact = compared { $0 }
        let loose = compared(Self.withoutQuotes)
        terminals = anyQuotes ? loose : exact
        differsInQuotesOnly = !exact.allSatisfy(\.isSame) && loose.allSatisfy(\.isSame)
    }

    /// Whose place each of theirs takes: among those who wait with the same words, the one that is most alike.
    private static func places(
        of theirs: [TerminalOutput], beside ours: [TerminalOutput], _ spelling: (String) -> String
    ) -> [Int] {
        var left = Array(theirs.indices)
        var places = Array(ours.indices)
        func take(_ index: Int, _ place: Int) {
            places[index] = place
            left.removeAll { $0 == place }
        }
        // Those that are the same in all first, so that they aren't taken for others.
        var open: [Int] = []
        for index in ours.indices {
            let same = left.first {
                isExchangeable(ours[index], theirs[$0], $0 == index)
                    && theirs[$0].lines.map(spelling) == ours[index].lines.map(spelling)
            }
            if let same { take(index, same) } else { open.append(index) }
        }
        for index in open {
            let fitting = left.filter { isExchangeable(ours[index], theirs[$0], $0 == index) }
            let nearest = fitting.min { first, second in
                distance(ours[index], theirs[first], spelling) < distance(ours[index], theirs[second], spelling)
            }
            if let nearest { take(index, nearest) }
        }
        return places
    }

    private static func isExchangeable(_ ours: TerminalOutput, _ theirs: TerminalOutput, _ isItsOwn: Bool) -> Bool {
        isItsOwn || (ours.waits && theirs.waits && ours.words == theirs.words)
    }

    private static func distance(
        _ ours: TerminalOutput, _ theirs: TerminalOutput, _ spelling: (String) -> String
    ) -> Int {
        theirs.lines.map(spelling).difference(from: ours.lines.map(spelling)).count
    }

    private static func terminal(
        _ title: String, _ ours: TerminalOutput, _ theirs: TerminalOutput, _ spelling: (String) -> String
    ) -> Terminal {
        let difference = theirs.lines.map(spelling).difference(from: ours.lines.map(spelling))
        var (removed, inserted): (Set<Int>, Set<Int>) = ([], [])
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [Line] = []
        var (mine, other) = (0, 0)
        while mine < ours.lines.count || other < theirs.lines.count {
            if removed.contains(mine), mine < ours.lines.count {
                lines.append(Line(side: .ours, text: ours.lines[mine]))
                mine += 1
            } else if inserted.contains(other), other < theirs.lines.count {
                lines.append(Line(side: .theirs, text: theirs.lines[other]))
                other += 1
            } else if mine < ours.lines.count {
                lines.append(Line(side: .both, text: ours.lines[mine]))
                (mine, other) = (mine + 1, other + 1)
            } else {
                break
            }
        }
        var terminal = Terminal(title: title, lines: lines)
        if !ours.waits, ours.status != theirs.status {
            func words(_ status: Int32?) -> String { status.map { "ends with status \($0)" } ?? "does not end" }
            terminal.remarks.append("ours \(words(ours.status)), theirs \(words(theirs.status))")
        } else if theirs.waits, let status = theirs.status {
            terminal.remarks.append("theirs ended by itself, with status \(status)")
        }
        if !terminal.isSame {
            // The reason stands at the end of what an interpreter prints.
            terminal.remarks += theirs.errors.suffix(4).map { "theirs, on standard error: \($0)" }
            terminal.remarks += ours.errors.suffix(4).map { "ours, on standard error: \($0)" }
        }
        return terminal
    }

    static func withoutQuotes(_ line: String) -> String {
        line.replacing(#/(^|[^A-Za-z0-9])[bu](['"])(?=\S)/#) { "\($0.1)\($0.2)" }.filter { !"'\"`".contains($0) }
    }

    /// As it is shown.
    var report: [String] {
        var report: [String] = []
        for terminal in terminals {
            if terminal.isSame {
                report.append(" same  \(terminal.title): \(counted(terminal.lines.count, "line"))")
                continue
            }
            report.append(" DIFF  \(terminal.title)")
            for line in terminal.lines {
                report.append("         \(line.side.rawValue.padded(to: 7))\(line.text)")
            }
            report += terminal.remarks.map { "         (\($0))" }
        }
        let count = terminals.count { !$0.isSame }
        if count == 0 {
            let lines = terminals.map(\.lines.count).reduce(0, +)
            report.append(
                "No difference: \(counted(terminals.count, "terminal")), \(counted(lines, "line")).")
        } else {
            report.append("\(counted(count, "terminal")) of \(terminals.count) \(count == 1 ? "differs" : "differ").")
        }
        if differsInQuotesOnly, count > 0 {
            report.append("Only the quotation marks differ: --any-quotes ignores them.")
        }
        return report
    }

    private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
