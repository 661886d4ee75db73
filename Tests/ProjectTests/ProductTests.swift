import Foundation
import TestSupport
import Testing

/// What other packages see of this one.
@Suite("Products", .ownThread) struct ProductTests {
    /// Modules that are no part of a product's vocabulary.
    private static let hidden = [
        "AMQPTransport", "BrokerCore", "BrokerServer", "DataStructures", "Interceptor", "Platform",
    ]

    private static func types(_ module: String) throws -> Set<String> {
        Set(try SourceFile.all(below: "Sources/\(module)").flatMap(\.types))
    }

    /// Those inside others too: a `Verdict` is theirs, even if another module has one.
    private static func allTypes(_ module: String) throws -> Set<String> {
        Set(
            try SourceFile.all(below: "Sources/\(module)").flatMap { file in
                file.code.matches(of: /(?:class|struct|enum|protocol|typealias|associatedtype) (\w+)/).map {
                    String($0.1)
                }
            })
    }

    /// The public declarations of a file, each up to its body, its value or what follows it.
    static func publicDeclarations(_ code: String) -> [String] {
        code.matches(
            of:
                /(?m)^ *(?:[@\w()]+ )*?public (?:[^{=\n]|\n(?! *(?:\n|private |fileprivate |package |public |static |func |let |var |\})))*/
        ).map { String($0.output) }
    }

    @Test(
        "No type of a module that is no product stands in a public signature",
        arguments: ["AMQPClient", "BrokerTesting"])
    func signatures(product: String) throws {
        let own = try ["AMQPClient", "AMQPWire", "BrokerTesting"].reduce(into: Set<String>()) {
            try $0.formUnion(Self.allTypes($1))
        }
        let foreign = try Self.hidden.reduce(into: Set<String>()) { try $0.formUnion(Self.types($1)) }.subtracting(own)
        #expect(foreign.isSuperset(of: ["ByteStream", "TimeSource", "Broker", "BrokerConfiguration", "Step"]))
        var count = 0
        for file in try SourceFile.all(below: "Sources/\(product)") {
            for declaration in Self.publicDeclarations(file.code) {
                count += 1
                let words = Set(declaration.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
                #expect(words.intersection(foreign) == [], "\(product)/\(file.path): \(declaration)")
            }
        }
        #expect(count > 20, "so many declarations were looked at")
    }

    @Test("A declaration is read to its end, and no further")
    func reading() {
        let code = """
            public func open(
                over stream: any ByteStream
            ) async -> Connection {
                Broker()
            }

            package var time: any TimeSource = SystemTime.shared
            public var port = Step()
            """
        let declarations = Self.publicDeclarations(code)
        #expect(declarations.count == 2)
        #expect(declarations[0].contains("ByteStream"))
        #expect(!declarations.joined().contains("Step"))
        #expect(!declarations.joined().contains("TimeSource"))
    }
}
