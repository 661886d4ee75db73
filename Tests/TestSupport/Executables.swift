import Platform

/// The built executables: they lie where the test bundle lies.
package enum Executables {
    package static func path(_ name: String) -> String { "\(folder)/\(name)" }

    private static let folder: String = {
        #if os(Linux)
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/self/exe", &buffer, buffer.count)
            let image = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let levels = 1
        #else
            var info = Dl_info()
            dladdr(#dsohandle, &info)
            let image = String(cString: info.dli_fname)
            // Tests.xctest/Contents/MacOS/Tests
            let levels = 4
        #endif
        return image.split(separator: "/").dropLast(levels).reduce("") { "\($0)/\($1)" }
    }()

    /// The environment of this process.
    package static let environment: [String: String] = {
        var variables: [String: String] = [:]
        var index = 0
        while let entry = environ[index] {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            index += 1
        }
        return variables
    }()
}
