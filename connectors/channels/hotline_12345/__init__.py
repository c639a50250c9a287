"""12345 政务服务便民热线: its work order (工单) and how a report is read from one. Knows no other channel."""
