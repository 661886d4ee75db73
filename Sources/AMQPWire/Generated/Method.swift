// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

/// Any method of AMQP 0-9-1 or of RabbitMQ's extensions to it, with its fields.
public enum Method: Sendable, Equatable {
    case connectionStart(ConnectionStart)
    case connectionStartOk(ConnectionStartOk)
    case connectionSecure(ConnectionSecure)
    case connectionSecureOk(ConnectionSecureOk)
    case connectionTune(ConnectionTune)
    case connectionTuneOk(ConnectionTuneOk)
    case connectionOpen(ConnectionOpen)
    case connectionOpenOk(ConnectionOpenOk)
    case connectionClose(ConnectionClose)
    case connectionCloseOk(ConnectionCloseOk)
    case connectionBlocked(ConnectionBlocked)
    case connectionUnblocked(ConnectionUnblocked)
    case connectionUpdateSecret(ConnectionUpdateSecret)
    case connectionUpdateSecretOk(ConnectionUpdateSecretOk)
    case channelOpen(ChannelOpen)
    case channelOpenOk(ChannelOpenOk)
    case channelFlow(ChannelFlow)
    case channelFlowOk(ChannelFlowOk)
    case channelClose(ChannelClose)
    case channelCloseOk(ChannelCloseOk)
    case accessRequest(AccessRequest)
    case accessRequestOk(AccessRequestOk)
    case exchangeDeclare(ExchangeDeclare)
    case exchangeDeclareOk(ExchangeDeclareOk)
    case exchangeDelete(ExchangeDelete)
    case exchangeDeleteOk(ExchangeDeleteOk)
    case exchangeBind(ExchangeBind)
    case exchangeBindOk(ExchangeBindOk)
    case exchangeUnbind(ExchangeUnbind)
    case exchangeUnbindOk(ExchangeUnbindOk)
    case queueDeclare(QueueDeclare)
    case queueDeclareOk(QueueDeclareOk)
    case queueBind(QueueBind)
    case queueBindOk(QueueBindOk)
    case queueUnbind(QueueUnbind)
    case queueUnbindOk(QueueUnbindOk)
    case queuePurge(QueuePurge)
    case queuePurgeOk(QueuePurgeOk)
    case queueDelete(QueueDelete)
    case queueDeleteOk(QueueDeleteOk)
    case basicQos(BasicQos)
    case basicQosOk(BasicQosOk)
    case basicConsume(BasicConsume)
    case basicConsumeOk(BasicConsumeOk)
    case basicCancel(BasicCancel)
    case basicCancelOk(BasicCancelOk)
    case basicPublish(BasicPublish)
    case basicReturn(BasicReturn)
    case basicDeliver(BasicDeliver)
    case basicGet(BasicGet)
    case basicGetOk(BasicGetOk)
    case basicGetEmpty(BasicGetEmpty)
    case basicAck(BasicAck)
    case basicReject(BasicReject)
    case basicRecoverAsync(BasicRecoverAsync)
    case basicRecover(BasicRecover)
    case basicRecoverOk(BasicRecoverOk)
    case basicNack(BasicNack)
    case confirmSelect(ConfirmSelect)
    case confirmSelectOk(ConfirmSelectOk)
    case txSelect(TxSelect)
    case txSelectOk(TxSelectOk)
    case txCommit(TxCommit)
    case txCommitOk(TxCommitOk)
    case txRollback(TxRollback)
    case txRollbackOk(TxRollbackOk)

    /// Reads the payload of a method frame.
    ///
    /// Throws ``WireError``: 503 for a class or method that nobody defined (RabbitMQ 3.10.8 drops the connection there,
    /// without a close), 501 for fields that are cut short or do not fill the payload, as RabbitMQ does, and 502 for a
    /// malformed field table.
    public init(_ payload: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(payload)
        let id = MethodID(try reader.uint16(), try reader.uint16())
        // Numbers rather than `QueueDeclare.id`: the compiler makes a jump of them, not 66 comparisons.
        switch (id.classID, id.methodID) {
        case (10, 10): self = .connectionStart(try ConnectionStart(from: &reader))
        case (10, 11): self = .connectionStartOk(try ConnectionStartOk(from: &reader))
        case (10, 20): self = .connectionSecure(try ConnectionSecure(from: &reader))
        case (10, 21): self = .connectionSecureOk(try ConnectionSecureOk(from: &reader))
        case (10, 30): self = .connectionTune(try ConnectionTune(from: &reader))
        case (10, 31): self = .connectionTuneOk(try ConnectionTuneOk(from: &reader))
        case (10, 40): self = .connectionOpen(try ConnectionOpen(from: &reader))
        case (10, 41): self = .connectionOpenOk(try ConnectionOpenOk(from: &reader))
        case (10, 50): self = .connectionClose(try ConnectionClose(from: &reader))
        case (10, 51): self = .connectionCloseOk(try ConnectionCloseOk(from: &reader))
        case (10, 60): self = .connectionBlocked(try ConnectionBlocked(from: &reader))
        case (10, 61): self = .connectionUnblocked(try ConnectionUnblocked(from: &reader))
        case (10, 70): self = .connectionUpdateSecret(try ConnectionUpdateSecret(from: &reader))
        case (10, 71): self = .connectionUpdateSecretOk(try ConnectionUpdateSecretOk(from: &reader))
        case (20, 10): self = .channelOpen(try ChannelOpen(from: &reader))
        case (20, 11): self = .channelOpenOk(try ChannelOpenOk(from: &reader))
        case (20, 20): self = .channelFlow(try ChannelFlow(from: &reader))
        case (20, 21): self = .channelFlowOk(try ChannelFlowOk(from: &reader))
        case (20, 40): self = .channelClose(try ChannelClose(from: &reader))
        case (20, 41): self = .channelCloseOk(try ChannelCloseOk(from: &reader))
        case (30, 10): self = .accessRequest(try AccessRequest(from: &reader))
        case (30, 11): self = .accessRequestOk(try AccessRequestOk(from: &reader))
        case (40, 10): self = .exchangeDeclare(try ExchangeDeclare(from: &reader))
        case (40, 11): self = .exchangeDeclareOk(try ExchangeDeclareOk(from: &reader))
        case (40, 20): self = .exchangeDelete(try ExchangeDelete(from: &reader))
        case (40, 21): self = .exchangeDeleteOk(try ExchangeDeleteOk(from: &reader))
        case (40, 30): self = .exchangeBind(try ExchangeBind(from: &reader))
        case (40, 31): self = .exchangeBindOk(try ExchangeBindOk(from: &reader))
        case (40, 40): self = .exchangeUnbind(try ExchangeUnbind(from: &reader))
        case (40, 51): self = .exchangeUnbindOk(try ExchangeUnbindOk(from: &reader))
        case (50, 10): self = .queueDeclare(try QueueDeclare(from: &reader))
        case (50, 11): self = .queueDeclareOk(try QueueDeclareOk(from: &reader))
        case (50, 20): self = .queueBind(try QueueBind(from: &reader))
        case (50, 21): self = .queueBindOk(try QueueBindOk(from: &reader))
        case (50, 50): self = .queueUnbind(try QueueUnbind(from: &reader))
        case (50, 51): self = .queueUnbindOk(try QueueUnbindOk(from: &reader))
        case (50, 30): self = .queuePurge(try QueuePurge(from: &reader))
        case (50, 31): self = .queuePurgeOk(try QueuePurgeOk(from: &reader))
        case (50, 40): self = .queueDelete(try QueueDelete(from: &reader))
        case (50, 41): self = .queueDeleteOk(try QueueDeleteOk(from: &reader))
        case (60, 10): self = .basicQos(try BasicQos(from: &reader))
        case (60, 11): self = .basicQosOk(try BasicQosOk(from: &reader))
        case (60, 20): self = .basicConsume(try BasicConsume(from: &reader))
        case (60, 21): self = .basicConsumeOk(try BasicConsumeOk(from: &reader))
        case (60, 30): self = .basicCancel(try BasicCancel(from: &reader))
        case (60, 31): self = .basicCancelOk(try BasicCancelOk(from: &reader))
        case (60, 40): self = .basicPublish(try BasicPublish(from: &reader))
        case (60, 50): self = .basicReturn(try BasicReturn(from: &reader))
        case (60, 60): self = .basicDeliver(try BasicDeliver(from: &reader))
        case (60, 70): self = .basicGet(try BasicGet(from: &reader))
        case (60, 71): self = .basicGetOk(try BasicGetOk(from: &reader))
        case (60, 72): self = .basicGetEmpty(try BasicGetEmpty(from: &reader))
        case (60, 80): self = .basicAck(try BasicAck(from: &reader))
        case (60, 90): self = .basicReject(try BasicReject(from: &reader))
        case (60, 100): self = .basicRecoverAsync(try BasicRecoverAsync(from: &reader))
        case (60, 110): self = .basicRecover(try BasicRecover(from: &reader))
        case (60, 111): self = .basicRecoverOk(try BasicRecoverOk(from: &reader))
        case (60, 120): self = .basicNack(try BasicNack(from: &reader))
        case (85, 10): self = .confirmSelect(try ConfirmSelect(from: &reader))
        case (85, 11): self = .confirmSelectOk(try ConfirmSelectOk(from: &reader))
        case (90, 10): self = .txSelect(try TxSelect(from: &reader))
        case (90, 11): self = .txSelectOk(try TxSelectOk(from: &reader))
        case (90, 20): self = .txCommit(try TxCommit(from: &reader))
        case (90, 21): self = .txCommitOk(try TxCommitOk(from: &reader))
        case (90, 30): self = .txRollback(try TxRollback(from: &reader))
        case (90, 31): self = .txRollbackOk(try TxRollbackOk(from: &reader))
        default: throw reader.error("no method is \(id)", code: .commandInvalid)
        }
        try reader.expectEnd(of: "\(id)")
    }

    public var id: MethodID { fields.id }

    /// The fields, as what all methods have in common.
    public var fields: any MethodFields {
        switch self {
        case .connectionStart(let fields): fields
        case .connectionStartOk(let fields): fields
        case .connectionSecure(let fields): fields
        case .connectionSecureOk(let fields): fields
        case .connectionTune(let fields): fields
        case .connectionTuneOk(let fields): fields
        case .connectionOpen(let fields): fields
        case .connectionOpenOk(let fields): fields
        case .connectionClose(let fields): fields
        case .connectionCloseOk(let fields): fields
        case .connectionBlocked(let fields): fields
        case .connectionUnblocked(let fields): fields
        case .connectionUpdateSecret(let fields): fields
        case .connectionUpdateSecretOk(let fields): fields
        case .channelOpen(let fields): fields
        case .channelOpenOk(let fields): fields
        case .channelFlow(let fields): fields
        case .channelFlowOk(let fields): fields
        case .channelClose(let fields): fields
        case .channelCloseOk(let fields): fields
        case .accessRequest(let fields): fields
        case .accessRequestOk(let fields): fields
        case .exchangeDeclare(let fields): fields
        case .exchangeDeclareOk(let fields): fields
        case .exchangeDelete(let fields): fields
        case .exchangeDeleteOk(let fields): fields
        case .exchangeBind(let fields): fields
        case .exchangeBindOk(let fields): fields
        case .exchangeUnbind(let fields): fields
        case .exchangeUnbindOk(let fields): fields
        case .queueDeclare(let fields): fields
        case .queueDeclareOk(let fields): fields
        case .queueBind(let fields): fields
        case .queueBindOk(let fields): fields
        case .queueUnbind(let fields): fields
        case .queueUnbindOk(let fields): fields
        case .queuePurge(let fields): fields
        case .queuePurgeOk(let fields): fields
        case .queueDelete(let fields): fields
        case .queueDeleteOk(let fields): fields
        case .basicQos(let fields): fields
        case .basicQosOk(let fields): fields
        case .basicConsume(let fields): fields
        case .basicConsumeOk(let fields): fields
        case .basicCancel(let fields): fields
        case .basicCancelOk(let fields): fields
        case .basicPublish(let fields): fields
        case .basicReturn(let fields): fields
        case .basicDeliver(let fields): fields
        case .basicGet(let fields): fields
        case .basicGetOk(let fields): fields
        case .basicGetEmpty(let fields): fields
        case .basicAck(let fields): fields
        case .basicReject(let fields): fields
        case .basicRecoverAsync(let fields): fields
        case .basicRecover(let fields): fields
        case .basicRecoverOk(let fields): fields
        case .basicNack(let fields): fields
        case .confirmSelect(let fields): fields
        case .confirmSelectOk(let fields): fields
        case .txSelect(let fields): fields
        case .txSelectOk(let fields): fields
        case .txCommit(let fields): fields
        case .txCommitOk(let fields): fields
        case .txRollback(let fields): fields
        case .txRollbackOk(let fields): fields
        }
    }
}
