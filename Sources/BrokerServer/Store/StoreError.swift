import BrokerCore

/// Why a store can't be opened or used. Its description is a sentence for who runs the broker.
public enum StoreError: Error, CustomStringConvertible, Equatable {
    /// Another broker has the directory.
    case inUse(directory: String, by: String)
    /// A file is not as it was left. Nothing is repaired by guessing: what was confirmed may be in it.
    case damaged(file: String, offset: Int, reason: String)
    /// No room. It is tried again.
    case full(String)
    /// The operating system refused something.
    case failed(String)

    public var description: String {
        switch self {
        case .inUse(let directory, let owner):
            "another broker\(owner) is using the data directory \(directory): stop it, or give this one a directory of "
                + "its own with --data"
        case .damaged(let file, let offset, let reason):
            "\(file) is damaged at offset \(offset): \(reason). Nothing was changed. Bring the file back from a copy, or "
                + "start with another directory"
        case .full(let what), .failed(let what): what
        }
    }
}
