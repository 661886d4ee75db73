import Foundation

/// Which chapter of the workbook teaches what a case is about.
enum Chapter {
    /// The areas, the first words of the cases' ids, by the chapter's number.
    private static let areas: [Int: Set<String>] = [
        1: ["hello", "declare", "connection", "channel", "framing", "tables", "heartbeat", "permissions"],
        2: [
            "work", "settle", "dispatch", "ordering", "cancel-notify", "consumer-priority", "consumer-timeout",
            "durability", "priority", "single-active",
        ],
        3: ["pubsub", "bindings", "exchange-bindings", "firehose"],
        4: ["direct", "copies"],
        5: ["topic"],
        6: ["rpc"],
        7: ["confirms", "returns", "alternate", "tx"],
        8: ["headers"],
        9: ["dead-letter", "ttl", "expires", "length"],
    ]

    /// The number of the chapter that fits best; nil for an area that nobody has put into one.
    static func number(of id: String) -> Int? {
        let area = id.split(separator: ".").first.map(String.init) ?? id
        return areas.first { $0.value.contains(area) }?.key
    }

    /// The path of the chapter that fits best; the folder of all when none does.
    static func of(_ id: String) -> String {
        guard let number = number(of: id) else { return "Tutorials" }
        let folder = Files.package.appending(path: "Tutorials")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let name = names.sorted().first { $0.split(separator: "-").first.flatMap { Int($0) } == number }
        return name.map { "Tutorials/\($0)/README.md" } ?? "Tutorials, chapter \(number)"
    }
}
