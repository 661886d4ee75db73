// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class tx (90), with the specification's field names.

/// Makes the channel transactional.
public struct TxSelect: MethodFields {
    public static let id = MethodID(90, 10)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// The channel is transactional.
public struct TxSelectOk: MethodFields {
    public static let id = MethodID(90, 11)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// Makes the publishes and acknowledgements since the last commit take effect.
public struct TxCommit: MethodFields {
    public static let id = MethodID(90, 20)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// They have.
public struct TxCommitOk: MethodFields {
    public static let id = MethodID(90, 21)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// Forgets the publishes and acknowledgements since the last commit.
public struct TxRollback: MethodFields {
    public static let id = MethodID(90, 30)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// They are forgotten.
public struct TxRollbackOk: MethodFields {
    public static let id = MethodID(90, 31)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}
