/// What this package calls itself to the other side of a connection, and to whoever asks a program for its `--version`.
public enum Product {
    public static let version = "0.1.0"
}
