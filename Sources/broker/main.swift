#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

let words = CommandLine.arguments.dropFirst()
do throws(UsageError) {
    switch words.first {
    case _ where words.contains("--help") || words.contains("-h"): Console.print(Usage.text)
    case let word? where Listing.named(word) != nil:
        guard let listing = Listing.named(word) else { break }
        try ListCommand(
            listing, Array(words.dropFirst()), environmentURL: getenv("MANAGEMENT_URL").map { String(cString: $0) }
        ).run()
    case "hash-password": try Users.printHash(words.dropFirst())
    default: Serve.run(try Options(Array(words)))
    }
} catch {
    Console.complain("broker: \(error.reason)\n\(Usage.text)")
    exit(1)
}
