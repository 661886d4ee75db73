import Platform
import Synchronization

/// Lines that a program has written down. It only adds to them, and finds them again when it is started again.
public final class LineFile: Sendable {
    /// nil: there is no file, only memory.
    private let path: String?
    private let memory = Mutex<[String]>([])

    /// A file in the folder that ``Environment/folder(_:)`` says; there is none until the first line is added.
    public init(_ name: String, in folder: String) { path = folder + "/" + name }

    /// In memory, for a play: it begins with no line, and leaves none behind.
    public init() { path = nil }

    /// All of them, the oldest first. What a crash of the machine has left unfinished at the end is no line.
    public var lines: [String] {
        get throws {
            guard let path else { return memory.withLock { $0 } }
            let descriptor = open(path, O_RDWR)
            if descriptor < 0, errno == ENOENT { return [] }
            guard descriptor >= 0 else { throw failure() }
            defer { close(descriptor) }
            var octets: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0 { throw failure() }
                if count == 0 { break }
                octets += chunk[..<count]
            }
            let end = octets.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            // Else the next line would be added to half a line.
            if end < octets.count, ftruncate(descriptor, off_t(end)) != 0 { throw failure() }
            return octets[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
                .map { Self.plain(String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// Adds a line. It is on disk when this returns.
    public func append(_ line: String) throws {
        guard let path else { return memory.withLock { $0.append(line) } }
        try write([line], to: path, O_APPEND)
    }

    /// Puts these in the place of all that there are. In one step: a crash leaves the old ones or the new ones.
    public func replace(with lines: [String]) throws {
        guard let path else { return memory.withLock { $0 = lines } }
        try write(lines, to: path + ".new", O_TRUNC)
        if rename(path + ".new", path) != 0 { throw failure() }
    }

    private func write(_ lines: [String], to path: String, _ flag: Int32) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | flag, 0o644)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        let text = lines.map { Self.escaped($0) + "\n" }.joined()
        let code = writeAll(text, to: descriptor)
        guard code == 0 else { throw failure(code) }
        if fsync(descriptor) != 0 { throw failure() }
    }

    private func failure(_ code: Int32 = errno) -> StepError {
        StepError("Cannot write '\(path ?? "")': \(String(cString: strerror(code))). Make room, or use another folder.")
    }

    /// A line has no end of line in it.
    static func escaped(_ line: String) -> String { line.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") }

    static func plain(_ line: String) -> String {
        guard line.contains("\\") else { return line }
        var (plain, isEscaped) = ("", false)
        for character in line {
            if isEscaped {
                plain.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                plain.append(character)
            }
        }
        return plain
    }
}
