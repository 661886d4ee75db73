import BrokerCore

/// Why a store can't be opened or used. Its description is a sentence for who runs the broker.
public enum StoreError: Error, CustomStringConvertible, Equatable {
    /// Another broker has the directory.
    case inUse(directory: String, by: String)
    /// A file is not as it was left. Nothing is repaired by guessing: what was confirmed may be in it.
    case damaged(file: String, offset: Int, reason: String)
    /// A newer broker wrote it.
    case newer(file: String, reason: String)
    /// No room. It is tried again.
    case full(String)
    /// The operating system refused something.
    case failed(String)

    public var description: String {
        switch self {
        case .inUse(let directory, let owner):
            return "another broker\(owner) is using the data directory \(directory): stop it, or give this one a "
                + "directory of its own with --data"
        case .damaged(let file, let offset, let reason):
            let parts = file.split(separator: "/", omittingEmptySubsequences: false)
            let directory = parts.dropLast().joined(separator: "/")
            return "\(file) is damaged at offset \(offset): \(reason). Nothing was changed. Restore the file from a "
                + "copy, or see what can be saved: broker salvage \(directory.isEmpty ? "." : directory) [--to NEW]"
        case .newer(let file, let reason):
            return "\(file): \(reason). Use the broker that wrote it, or a newer one"
        case .full(let what), .failed(let what): return what
        }
    }
}
