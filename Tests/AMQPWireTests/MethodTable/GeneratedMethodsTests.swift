import Foundation
import Testing

/// `Sources/AMQPWire/Generated` is what its table says. With `GENERATE=1` (as `Scripts/generate-methods` has it) it is
/// made so.
struct GeneratedMethodsTests {
    private let wire = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/AMQPWire").standardized

    @Test func nothingHasDrifted() throws {
        let table = try MethodTable(String(contentsOf: wire.appending(path: "Methods/methods.txt"), encoding: .utf8))
        let folder = wire.appending(path: "Generated")
        let files = GeneratedMethods(table).files
        if ProcessInfo.processInfo.environment["GENERATE"] == "1" {
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == files.keys.sorted())
        for (name, text) in files.sorted(by: { $0.key < $1.key }) {
            let found = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
            #expect(
                found == text, "Generated/\(name) is not what methods.txt says: Scripts/generate-methods makes it so")
        }
    }

    @Test(arguments: [
        "class x", "start 10", "class x 1\n/// y\nstart 10 body", "class x 1\n/// y\nstart 10\n    a word",
    ])
    func aTableThatIsWrong(text: String) {
        #expect(throws: MethodTable.Malformed.self) { try MethodTable(text) }
    }
}
