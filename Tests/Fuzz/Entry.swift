#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What libFuzzer calls for every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ octets: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(UnsafeBufferPointer(start: octets, count: count))
    return 0
}

/// What libFuzzer calls first. With FUZZ_SEEDS the target only writes what the search begins with to that directory.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafeMutableRawPointer, _: UnsafeMutableRawPointer) -> CInt {
    guard let directory = getenv("FUZZ_SEEDS") else { return 0 }
    for (number, seed) in seeds().enumerated() {
        guard let file = fopen("\(String(cString: directory))/seed-\(number)", "wb") else { exit(1) }
        let written = fwrite(seed, 1, seed.count, file)
        guard fclose(file) == 0, written == seed.count else { exit(1) }
    }
    exit(0)
}
