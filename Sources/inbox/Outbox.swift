import TutorialKit

/// The orders that were taken, until the broker has confirmed them. They are in a file, so a crash loses none.
struct Outbox {
    struct Order {
        let id, text: String
        fileprivate var line: String { "+ \(id) \(text)" }
    }

    private let file: LineFile
    /// The oldest first.
    private(set) var waiting: [Order] = []

    init(_ file: LineFile) throws {
        self.file = file
        for line in try file.lines {
            // `+ ID TEXT`: an order is taken. `-`: the oldest is confirmed.
            let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 3 { waiting.append(Order(id: parts[1], text: parts[2])) }
            if line == "-", !waiting.isEmpty { waiting.removeFirst() }
        }
    }

    /// One line is the order, its id, and the promise to publish it. When it is on disk, all three are.
    mutating func commit(_ text: String) throws {
        let order = Order(id: String(UInt64.random(in: 0...UInt64.max), radix: 16), text: text)
        try file.append(order.line)
        waiting.append(order)
    }

    /// The oldest is confirmed. The file begins anew when no order waits, so it stays small.
    mutating func settleOldest() throws {
        waiting.removeFirst()
        if waiting.isEmpty { try file.replace(with: []) } else { try file.append("-") }
    }
}
