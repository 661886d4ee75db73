#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import BrokerCore
import BrokerServer
import Dispatch

/// `broker list-queues [COLUMN]...` and the like.
struct ListCommand {
    let listing: Listing
    private(set) var columns: [String] = []
    private(set) var virtualHost = "/"
    private(set) var url: ManagementURL
    /// No title.
    private(set) var isQuiet = false
    private(set) var hasHead = true

    init(_ listing: Listing, _ arguments: [String], environmentURL: String?) throws(UsageError) {
        self.listing = listing
        url = try ManagementURL("http://localhost")
        var given = environmentURL
        var words = Words(arguments)
        while let (word, attached) = words.next() {
            switch word {
            case "--url": given = try words.value(of: word, attached)
            case "--vhost", "-p": virtualHost = try words.value(of: word, attached)
            case "--quiet", "-q": isQuiet = true
            case "--silent", "-s": (isQuiet, hasHead) = (true, false)
            case "--no-table-headers": hasHead = false
            case _ where word.hasPrefix("-"): throw UsageError("unknown option \(LogEvent.quoted(word))")
            default: columns.append(word)
            }
        }
        try listing.check(columns)
        if columns.isEmpty { columns = listing.defaultColumns }
        if let given, !given.isEmpty { url = try ManagementURL(given) }
    }

    func run() -> Never {
        let done = DispatchSemaphore(value: 0)
        Task {
            let client = ManagementClient(url: url)
            do throws(ManagementClient.Failure) {
                let answer = try await client.get(listing.path(columns, virtualHost: virtualHost))
                guard let items = answer.elements else {
                    throw ManagementClient.Failure(reason: "\(url.text) answers with something else than a list")
                }
                if !isQuiet { Console.print(listing.title(for: virtualHost)) }
                for line in listing.lines(items, columns, withHead: hasHead) { Console.print(line) }
            } catch {
                Console.fail(error.reason)
            }
            done.signal()
        }
        done.wait()
        exit(0)
    }
}
