import TutorialKit

/// The orders that were shipped: a line in a file for each, which begins with its id.
struct Inbox {
    /// The file keeps only the latest, at least this many: a producer sends an order again soon, or never.
    static let least = 1000

    private let file: LineFile
    private var lines: [String]
    private var ids: Set<Substring> = []

    init(_ file: LineFile) throws {
        self.file = file
        lines = try file.lines
        ids = Set(lines.map { $0.prefix { $0 != " " } })
    }

    func contains(_ id: String) -> Bool { !id.isEmpty && ids.contains(id[...]) }

    /// Ships an order. The line is both what is done and the note that it is done, so a crash can't come between the two.
    mutating func ship(_ text: String, id: String) throws {
        let line = id + " " + text
        try file.append(line)
        lines.append(line)
        ids.insert(id[...])
        guard lines.count >= 2 * Self.least else { return }
        // The older half goes.
        try file.replace(with: lines.suffix(Self.least))
        self = try Inbox(file)
    }
}
