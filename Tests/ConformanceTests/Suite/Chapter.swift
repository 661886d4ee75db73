import Foundation

/// Which chapter of the workbook teaches what a case is about.
enum Chapter {
    /// The chapter's number by the area, the first word of a case's id.
    private static let numbers: [String: Int] = [
        "hello": 1, "declare": 1, "connection": 1, "channel": 1, "framing": 1, "tables": 1, "heartbeat": 1,
        "work": 2, "settle": 2, "dispatch": 2, "ordering": 2, "cancel-notify": 2, "durability": 2, "confirms": 2,
        "tx": 2, "returns": 2,
        "pubsub": 3, "bindings": 3, "exchange-bindings": 3,
        "direct": 4, "alternate": 4,
        "topic": 5, "headers": 5,
        "rpc": 6,
    ]

    /// The path of the chapter that fits best; the folder when none does (RabbitMQ's extensions).
    static func of(_ id: String) -> String {
        let area = id.split(separator: ".").first.map(String.init) ?? id
        guard let number = numbers[area] else { return "Tutorials" }
        let folder = Files.package.appending(path: "Tutorials")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let name = names.sorted().first { $0.split(separator: "-").first.flatMap { Int($0) } == number }
        return name.map { "Tutorials/\($0)" } ?? "Tutorials, chapter \(number)"
    }
}
