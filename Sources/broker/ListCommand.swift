import Platform
import BrokerCore
import BrokerServer
import Commands
import Dispatch

/// `broker list-queues [COLUMN]...` and the like.
struct ListCommand {
    let listing: Listing
    let columns: [String]
    let virtualHost: String
    let url: ManagementURL
    /// No title.
    let isQuiet: Bool
    let hasHead: Bool

    static let virtualHostOption = Option("--vhost", "NAME", "of this virtual host [/]", shortName: "-p")
    static let urlOption = Option(
        "--url", "URL", "the listing API [MANAGEMENT_URL, or http://guest:guest@localhost:15672]")
    static let quiet = Option("--quiet", "no title", shortName: "-q")
    static let silent = Option("--silent", "neither title nor names of columns", shortName: "-s")
    static let noHead = Option("--no-table-headers", "no names of columns")

    init(_ listing: Listing, _ given: Arguments, environmentURL: String?) throws(UsageError) {
        self.listing = listing
        virtualHost = given.text(Self.virtualHostOption) ?? "/"
        do throws(ManagementURL.Malformed) {
            url = try ManagementURL(given.text(Self.urlOption) ?? environmentURL ?? "http://localhost")
        } catch {
            throw UsageError(error.reason)
        }
        isQuiet = given.has(Self.quiet) || given.has(Self.silent)
        hasHead = !given.has(Self.noHead) && !given.has(Self.silent)
        try listing.check(given.words)
        columns = given.words.isEmpty ? listing.defaultColumns : given.words
    }

    func run() -> Never {
        let done = DispatchSemaphore(value: 0)
        Task {
            let client = ManagementClient(url: url)
            do throws(ManagementClient.Failure) {
                let items = try await client.list(listing.path(columns, virtualHost: virtualHost))
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
