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

    /// The types of the products, those inside others too: a `Verdict` is theirs, even if another module has one.
    private static let own = Result {
        try ["AMQPClient", "AMQPWire", "BrokerTesting"].reduce(into: Set<String>()) { own, module in
            own.formUnion(try SourceFile.all(below: "Sources/\(module)").flatMap(\.allTypes))
        }
    }

    private static let foreign = Result {
        try hidden.reduce(into: Set<String>()) { $0.formUnion(try types($1)) }.subtracting(try own.get())
    }

    /// The public declarations of a file, each up to its body, its value or what follows it.
    static func publicDeclarations(_ code: String) -> [String] {
        var (declarations, isOpen) = ([String](), false)
        for line in code.split(separator: "\n", omittingEmptySubsequences: false) {
            let rest = line.drop { $0 == " " }
            if isOpen, !rest.isEmpty, !ends.contains(where: { rest.hasPrefix($0) }) {
                declarations[declarations.count - 1] += "\n"
            } else {
                isOpen = rest.contains("public ") && rest.prefixMatch(of: beginning) != nil
                if isOpen { declarations.append("") }
            }
            guard isOpen else { continue }
            let part = line.prefix { $0 != "{" && $0 != "=" }
            declarations[declarations.count - 1] += part
            isOpen = part.count == line.count
        }
        return declarations
    }

    private static var beginning: Regex<Substring> { #/(?:[@\w()]+ )*?public /# }
    /// What the line behind a declaration begins with.
    private static let ends = [
        "private ", "fileprivate ", "package ", "public ", "static ", "func ", "let ", "var ", "}",
    ]

    @Test(
        "No type of a module that is no product stands in a public signature",
        arguments: ["AMQPClient", "BrokerTesting"])
    func signatures(product: String) throws {
        let foreign = try Self.foreign.get()
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
